import { expect, it } from 'vitest'
import { createConfirmTool } from '../../../src/services/conversation/confirm-tool.ts'
import { createTools } from '../../../src/services/conversation/tools.ts'
import { fakeClock } from '../../harness/clock.ts'
import { KEY, OPERATOR } from './conversation.ts'

const context = { principal: OPERATOR, sessionKey: KEY, signal: new AbortController().signal }

function open() {
  const tools = createTools({ clock: fakeClock(), policy: { of: () => ({ profile: 'full', permits: () => true }) } })
  tools.add(createConfirmTool())
  const wish = (args: Record<string, unknown>) => tools.wishOf('gateway_confirm', JSON.stringify(args), context)
  return { tools, wish }
}

it('asks with the text in full, for as long as it says', () => {
  const { wish } = open()
  expect(wish({ text: 'Deploy?' })).toMatchObject({ kind: 'plugin', title: 'Confirm', description: 'Deploy?', agentId: 'main', sessionKey: KEY, toolName: 'gateway_confirm', timeoutMs: 1_800_000 })
  const text = 'x'.repeat(10_000)
  expect(wish({ text, title: 'Long', minutes: 60 })).toMatchObject({ title: 'Long', detail: text, timeoutMs: 3_600_000, allowedDecisions: ['allow-once', 'deny'] })
})

it('asks nothing when the arguments are wrong', async () => {
  const { tools, wish } = open()
  for (const args of [{}, { text: ' ' }, { text: 'x', minutes: 0 }, { text: 'x', title: 'y'.repeat(81) }, { text: 'x', decision: 'approved' }]) {
    expect(wish(args), JSON.stringify(args)).toBeNull()
    expect(await tools.invoke('gateway_confirm', JSON.stringify(args), context)).toMatchObject({ isError: true })
  }
})

it('tells a yes, a no, and that nobody answered, apart', async () => {
  const { tools } = open()
  expect(await tools.invoke('gateway_confirm', '{"text":"x"}', context)).toMatchObject({ isError: false, text: '{"decision":"approved"}' })
  const refused = (refusal: 'denied' | 'expired' | 'no-route' | 'withdrawn') => tools.refuse('gateway_confirm', '{"text":"x"}', refusal)
  expect(refused('denied')).toMatchObject({ isError: false, text: '{"decision":"denied"}' })
  expect(refused('expired').text).toBe('{"decision":"unanswered"}')
  expect(refused('no-route').text).toBe('{"decision":"unanswered"}')
  expect(refused('withdrawn').text).toBe('{"decision":"withdrawn"}')
})
