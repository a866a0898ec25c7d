// The course of runs as a node hears it that asked for it with `chat.subscribe`: the events of operators, addressed to it.

import { defineEvent } from './event.ts'
import { agent, chat } from './events.ts'

export const nodeChat = defineEvent({ ...chat, scope: null, reach: 'direct' })
export const nodeAgent = defineEvent({ ...agent, scope: null, reach: 'direct' })
