// Who hears of changes of sessions: an index of what was said, say. Each is called inside the transaction of the change,
// and writes what it has to write in there.

import type { SessionRecord } from './session-table.ts'
import type { Appended } from './transcripts.ts'

export interface SessionWatcher {
  /** A message was added. */
  appended?(session: SessionRecord, appended: Appended): void
  /** It was made, or somebody changed its settings. */
  changed?(session: SessionRecord): void
  /** Its conversation begins anew; `session` is what it was. */
  reset?(session: SessionRecord): void
  deleted?(session: SessionRecord): void
}

export interface SessionWatch extends Required<SessionWatcher> {
  add(watcher: SessionWatcher): void
}

export function createSessionWatch(): SessionWatch {
  const all: SessionWatcher[] = []
  return {
    add: (watcher) => void all.push(watcher),
    appended: (session, appended) => all.forEach((watcher) => watcher.appended?.(session, appended)),
    changed: (session) => all.forEach((watcher) => watcher.changed?.(session)),
    reset: (session) => all.forEach((watcher) => watcher.reset?.(session)),
    deleted: (session) => all.forEach((watcher) => watcher.deleted?.(session)),
  }
}
