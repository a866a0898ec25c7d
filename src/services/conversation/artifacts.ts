// What agents made: files that stand in what they said, or in what their tools answered.

import type { Message, StoredMessage } from '../../protocol/shapes.ts'
import type { SessionRecord } from './session-table.ts'
import type { Transcripts } from './transcripts.ts'

export interface Artifact {
  /** Of the file. */
  readonly mediaId: string
  readonly mimeType: string
  readonly sizeBytes: number
  readonly sessionKey: string
  readonly messageSeq: number
  readonly runId?: string
}

export interface Artifacts {
  /** Those of the newest messages of a session, or of one run in it. */
  list(session: SessionRecord, runId?: string): Artifact[]
}

/** Messages that are looked at. */
const MAX_MESSAGES = 1000

interface FilePart {
  readonly type: string
  readonly mediaId: string
  readonly mimeType: string
  readonly sizeBytes: number
}

const isFile = (part: object): part is FilePart => 'mediaId' in part && 'mimeType' in part && 'sizeBytes' in part

/** What people send is theirs. */
const partsOf = (message: Message): readonly object[] => (message.role === 'user' || typeof message.content === 'string' ? [] : message.content)

export function createArtifacts(transcripts: Transcripts): Artifacts {
  const toArtifacts = (sessionKey: string, message: StoredMessage): Artifact[] => {
    const { seq: messageSeq, runId } = message.__openclaw
    return partsOf(message)
      .filter(isFile)
      .map(({ mediaId, mimeType, sizeBytes }) => ({ mediaId, mimeType, sizeBytes, sessionKey, messageSeq, ...(runId !== undefined && { runId }) }))
  }

  return {
    list({ key, sessionId, floor, messages }, runId) {
      const range = { after: floor, upTo: messages, limit: MAX_MESSAGES }
      const all = transcripts.messages(sessionId, range).flatMap((message) => toArtifacts(key, message))
      return runId === undefined ? all : all.filter((artifact) => artifact.runId === runId)
    },
  }
}
