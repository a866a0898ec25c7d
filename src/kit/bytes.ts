// Bytes and digests, on Web Crypto and btoa only. Holds nothing.

const encoder = new TextEncoder()

export const toUtf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text)

/** Whether `text` takes more than `limit` bytes in UTF-8, without encoding it when its length already tells. */
export function exceedsBytes(text: string, limit: number): boolean {
  if (text.length > limit) return true
  if (text.length * 3 <= limit) return false
  return toUtf8(text).byteLength > limit
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += Reflect.apply(String.fromCharCode, null, bytes.subarray(start, start + 0x8000)) as string // a spread is ten times slower
  }
  return btoa(binary)
}

/** Decodes standard base64; null when `text` is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  const binary = toBinary(text)
  if (binary === null) return null
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at) // images have megabytes: no call for each byte
  return bytes
}

function toBinary(text: string): string | null {
  try {
    return atob(text)
  } catch {
    return null
  }
}

export const toBase64Url = (bytes: Uint8Array): string =>
  toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** Decodes base64url with or without padding; null when `text` is neither. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text)) return null
  return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
}

export function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

export async function sha256(data: string | Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const bytes = typeof data === 'string' ? toUtf8(data) : data
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

export const sha256Hex = async (data: string | Uint8Array<ArrayBuffer>): Promise<string> => toHex(await sha256(data))

/**
 * Compares two secrets in a time that depends on the length of `given` alone, which the caller of the gateway
 * chose and knows. Every secret of the gateway MUST be compared here.
 */
export function secretsEqual(given: string, secret: string): boolean {
  let difference = given.length ^ secret.length
  for (let i = 0; i < given.length; i++) {
    difference |= given.charCodeAt(i) ^ secret.charCodeAt(i % (secret.length || 1))
  }
  return difference === 0 && secret.length > 0
}
