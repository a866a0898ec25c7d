// Going back in a conversation, and the branches that come of it.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import type { UserMessage } from '../protocol/shapes.ts'
import { textOf } from '../protocol/shapes.ts'
import type { Services } from '../services/services.ts'

const text = z.string().min(1)
const target = z.strictObject({ sessionKey: text, agentId: text.optional() })

const editor = z.strictObject({
  editorText: z.string().optional(),
  editorAttachments: z.array(z.strictObject({ mimeType: z.string(), data: z.string() })).optional(),
})

/** A message as it can be written anew. */
async function toEditor(message: UserMessage, media: Services['media']): Promise<z.output<typeof editor>> {
  const images = typeof message.content === 'string' ? [] : message.content.flatMap((part) => (part.type === 'image' ? [part] : []))
  const loaded = await Promise.all(images.map(async ({ mimeType, mediaId }) => ({ mimeType, data: await media.load(mediaId) })))
  const editorAttachments = loaded.flatMap(({ mimeType, data }) => (data === null ? [] : [{ mimeType, data }]))
  const editorText = textOf(message)
  return { ...(editorText !== '' && { editorText }), ...(editorAttachments.length > 0 && { editorAttachments }) }
}

export const sessionsFork = defineMethod({
  name: 'sessions.fork',
  scope: 'operator.write',
  summary: 'Makes a session that begins with what was said before a message of the user, and gives the message back.',
  params: target.extend({ entryId: text }),
  result: editor.extend({ sessionKey: text }),
  uses: ['agents', 'branches', 'media'],
  async handler({ sessionKey, agentId, entryId }, { agents, branches, media }) {
    const { session, message } = branches.fork(agents.sessionKey(sessionKey, agentId), entryId)
    return { sessionKey: session.key, ...(await toEditor(message, media)) }
  },
})

export const sessionsRewind = defineMethod({
  name: 'sessions.rewind',
  scope: 'operator.admin',
  summary: 'Goes back to before a message of the user, and gives the message back. What is cut off stays as a branch.',
  params: target.extend({ entryId: text }),
  result: editor,
  uses: ['agents', 'branches', 'media'],
  handler: ({ sessionKey, agentId, entryId }, { agents, branches, media }) =>
    toEditor(branches.rewind(agents.sessionKey(sessionKey, agentId), entryId), media),
})

export const sessionsBranchesList = defineMethod({
  name: 'sessions.branches.list',
  scope: 'operator.read',
  summary: 'The branches of a conversation, the one that goes on first.',
  params: target,
  result: z.strictObject({
    branches: z.array(
      z.strictObject({ leafEntryId: text, headline: z.string(), messageCount: z.int().min(0), updatedAt: text, active: z.boolean() }),
    ),
  }),
  uses: ['agents', 'branches'],
  handler({ sessionKey, agentId }, { agents, branches }) {
    const all = branches.list(agents.sessionKey(sessionKey, agentId))
    return { branches: all.map((branch) => ({ ...branch, updatedAt: new Date(branch.updatedAt).toISOString() })) }
  },
})

export const sessionsBranchesSwitch = defineMethod({
  name: 'sessions.branches.switch',
  scope: 'operator.admin',
  summary: 'Goes on with the conversation in another branch, by the id of its last message.',
  params: target.extend({ leafEntryId: text }),
  result: z.strictObject({}),
  uses: ['agents', 'branches'],
  handler({ sessionKey, agentId, leafEntryId }, { agents, branches }) {
    branches.switch(agents.sessionKey(sessionKey, agentId), leafEntryId)
    return {}
  },
})
