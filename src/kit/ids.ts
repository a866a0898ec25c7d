// Random identifiers.

import { toBase64Url } from './bytes.ts'

export const uuid = (): string => crypto.randomUUID()

/**
 * A UUID of version 7 (RFC 9562): 48 bits of time, then random bits. Ids of rows are made so: later ones are greater,
 * and the rows of one moment lie on the same pages of the database.
 */
export function orderedUuid(now: number): string {
  const time = Math.max(0, Math.floor(now)).toString(16).padStart(12, '0').slice(-12)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${uuid().slice(15)}`
}

/** 256 random bits as 43 characters of base64url: what device tokens and made-up gateway tokens are. */
export const randomToken = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(32)))
