// Protocol versions and the limits of the wire. Figures are those of OpenClaw 2026.9.6 where it has them.

export const PROTOCOL_VERSION = 4
export const MIN_PROTOCOL_VERSION = 3

/** Bytes of one frame before `connect` has succeeded. */
export const MAX_HANDSHAKE_BYTES = 64 * 1024
/** Bytes of one frame afterwards, unless configured. */
export const MAX_PAYLOAD_BYTES = 25 * 1024 * 1024
/** Bytes that may wait for a slow reader before its connection is closed. */
export const MAX_BUFFERED_BYTES = 50 * 1024 * 1024
/** Bytes that may wait before deltas are merged instead of queued. */
export const MERGE_ABOVE_BYTES = 128 * 1024

export const HANDSHAKE_TIMEOUT_MS = 15_000
export const TICK_INTERVAL_MS = 30_000
/** Where idle connections must not keep the gateway awake, clients are told to expect silence for this long. */
export const SILENT_TICK_INTERVAL_MS = 24 * 60 * 60 * 1000

/** Requests of one connection that may be in the works at once. */
export const MAX_REQUESTS_IN_FLIGHT = 256
/** Sessions whose messages one connection may subscribe to. */
export const MAX_SUBSCRIPTIONS = 256
/** Characters of one chat message; longer text belongs in an attachment. */
export const MAX_MESSAGE_CHARS = 1_000_000
export const MAX_ATTACHMENT_BYTES = 19_464_192
export const MAX_IMAGE_BYTES = 6 * 1024 * 1024
