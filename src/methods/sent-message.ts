// What the calls that send a message to a session have in common.

import type { Attachment } from '../protocol/shapes.ts'
import type { Call } from '../rpc/method.ts'

interface Sent {
  readonly message: string
  readonly attachments?: readonly Attachment[] | undefined
  readonly thinking?: string | undefined
  readonly timeoutMs?: number | undefined
}

/** The message in the name of whoever calls, for the inbox. */
export const toSentMessage = ({ message, attachments, thinking, timeoutMs }: Sent, { caller, trace }: Pick<Call, 'caller' | 'trace'>) => ({
  trace,
  origin: 'chat' as const,
  principal: caller,
  message,
  attachments,
  thinking,
  timeoutMs,
})
