// The tool with which an agent reads a skill.

import * as z from 'zod'
import { invalid } from '../../protocol/errors.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { Skills } from './skills.ts'
import { defineTool, type Tool } from './tools.ts'

export const createSkillTool = (skills: Skills, defaultAgentId: () => string): Tool =>
  defineTool({
    name: 'skill_read',
    description: 'Reads one of your skills: how to do what it is for.',
    scope: 'operator.read',
    params: z.strictObject({ name: z.string().min(1) }),
    async run({ name }, { sessionKey }) {
      const usable = await skills.usable(splitSessionKey(sessionKey)?.agentId ?? defaultAgentId())
      const skill = usable.find((each) => each.name === name)
      if (!skill) throw invalid(`you have no skill "${name}"; you have: ${usable.map((each) => each.name).join(', ') || 'none'}`)
      return `${skill.filePath}\n\n${skill.content}`
    },
  })
