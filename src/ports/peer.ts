// One WebSocket connection, as a runtime gives it.

/** Text that goes to many peers. A runtime may keep its encoded form in `bytes`, so that it is encoded once. */
export interface SharedText {
  readonly text: string
  bytes?: unknown
}

export interface Peer {
  /** Unique among the connections of a gateway; survives hibernation. */
  readonly id: string
  /** What was last given to `save`, also after hibernation. At most 16 KiB of JSON. */
  load(): unknown
  save(state: unknown): void
  send(text: string): void
  /** Sends `head.text + tail` as one message. `tail` is ASCII. */
  sendShared(head: SharedText, tail: string): void
  /** Bytes that wait to be sent. */
  buffered(): number
  close(code: number, reason: string): void
}

/** What a runtime knows of the request that became, or asks to become, a connection. */
export interface RequestInfo {
  /** Of the socket, never of a header. null where the runtime has no socket. */
  readonly remoteAddress: string | null
}
