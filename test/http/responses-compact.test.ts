// A conversation summed up: by the model that is named, without tools, as an item that goes on.

import { expect, it } from 'vitest'
import { compactedResponse } from '../../src/protocol/responses-object.ts'
import { ModelError, type ModelRequest } from '../../src/ports/model.ts'
import { summaryOf } from '../../src/http/responses-input.ts'
import { answer, PLAYED, playedProvider } from '../services/conversation/conversation.ts'
import { errorOf, openDoor } from './door.ts'

const PATH = '/v1/responses/compact'
const input = [{ role: 'developer', content: 'be kind' }, { role: 'user', content: 'I like tea' }, { role: 'assistant', content: 'noted' }]

async function open() {
  const requests: ModelRequest[] = []
  const door = await openDoor({
    config: PLAYED,
    providers: [
      playedProvider(async function* (request) {
        requests.push(request)
        if (JSON.stringify(request.messages).includes('fail')) throw new ModelError('rate_limit', 'slow down')
        yield answer('They like tea.')
      }),
    ],
  })
  return { ...door, requests }
}

it('asks the model for a summary of all of it, and seals that', async () => {
  const { ask, requests } = await open()
  const compacted = compactedResponse.parse(await (await ask(PATH, { body: { model: 'openclaw', input, instructions: 'in German' } })).json())
  expect(summaryOf(compacted.output[0]!.encrypted_content)).toBe('They like tea.')
  expect(compacted.usage).toMatchObject({ input_tokens: 4, output_tokens: 2 })
  expect(requests[0]!.tools).toEqual([])
  expect(requests[0]!.messages).toMatchObject([
    { role: 'system', text: 'in German\n\nbe kind' },
    { role: 'user', content: 'I like tea' },
    { role: 'assistant', text: 'noted' },
    { role: 'user', content: expect.stringContaining('Sum up') },
  ])
})

it('sums up what is continued', async () => {
  const { ask, requests } = await open()
  const { id } = (await (await ask('/v1/responses', { body: { model: 'openclaw', input: 'one' } })).json()) as { id: string }
  await ask(PATH, { body: { model: 'openclaw', previous_response_id: id } })
  expect(requests[1]!.messages).toMatchObject([{ content: 'one' }, { text: 'They like tea.' }, { role: 'user' }])
  expect(await errorOf(await ask(PATH, { body: { model: 'openclaw', previous_response_id: 'resp_x' } }))).toMatchObject({ status: 400, code: 'previous_response_not_found' })
})

it('says what went wrong', async () => {
  const { ask } = await open()
  expect(await errorOf(await ask(PATH, { body: { model: 'openclaw', input: 'fail' } }))).toMatchObject({ status: 429 })
  expect(await errorOf(await ask(PATH, { body: { model: 'openclaw' } }))).toMatchObject({ status: 400, param: 'input' })
  expect((await ask(PATH)).status).toBe(405)
})
