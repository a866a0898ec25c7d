// Random identifiers.

import { toBase64Url } from './bytes.ts'

export const uuid = (): string => crypto.randomUUID()

/** 256 random bits as 43 characters of base64url: what device tokens and made-up gateway tokens are. */
export const randomToken = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(32)))
