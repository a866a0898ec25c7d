// The tool with which an agent reads a skill.

import { expect, it } from 'vitest'
import type { Skill, Skills } from '../../../src/services/conversation/skills.ts'
import { createSkillTool } from '../../../src/services/conversation/skill-tool.ts'
import { createTools } from '../../../src/services/conversation/tools.ts'
import { fakeClock } from '../../harness/clock.ts'
import { OPERATOR } from './conversation.ts'

const usable = async (agentId: string) => (agentId === 'second' ? [] : [{ name: 'mail', filePath: '/w/skills/mail/SKILL.md', content: 'How to mail.' } as Skill])

function invoke(args: object, sessionKey: string) {
  const tools = createTools({ clock: fakeClock(), policy: { of: () => ({ profile: 'full', permits: () => true }) } })
  tools.add(createSkillTool({ usable } as unknown as Skills, () => 'main'))
  return tools.invoke('skill_read', JSON.stringify(args), { principal: OPERATOR, sessionKey, signal: new AbortController().signal })
}

it('gives the file, with where it lies', async () => {
  expect(await invoke({ name: 'mail' }, 'agent:main:a')).toEqual({ isError: false, text: '/w/skills/mail/SKILL.md\n\nHow to mail.' })
})

it('knows the skills of the agent alone', async () => {
  expect(await invoke({ name: 'mail' }, 'agent:second:a')).toEqual({ isError: true, text: 'you have no skill "mail"; you have: none' })
  expect((await invoke({ name: 'other' }, 'agent:main:a')).text).toBe('you have no skill "other"; you have: mail')
  expect((await invoke({}, 'agent:main:a')).isError).toBe(true)
})
