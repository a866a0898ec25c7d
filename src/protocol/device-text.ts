// What a device signs to show that it holds its key. Knows no zod, so that clients can have it too.

/** What of a client stands in it. */
interface SigningClient {
  readonly id: string
  readonly mode: string
  readonly platform: string
  readonly deviceFamily?: string | undefined
}

/**
 * The text that a device signs, fields joined with `|`. Version 3 binds platform and family too (trimmed, ASCII
 * lower case); version 2 is what older clients sign. Version 1 bound no nonce and is refused.
 */
export function signedPayloads(facts: {
  deviceId: string
  client: SigningClient
  role: string
  scopes: readonly string[]
  signedAt: number
  token: string
  nonce: string
}): readonly [v3: string, v2: string] {
  const { client } = facts
  const shared = [
    facts.deviceId,
    client.id,
    client.mode,
    facts.role,
    facts.scopes.join(','),
    String(facts.signedAt),
    facts.token,
    facts.nonce,
  ].join('|')
  const platform = asciiLower(client.platform)
  const family = asciiLower(client.deviceFamily ?? '')
  return [`v3|${shared}|${platform}|${family}`, `v2|${shared}`]
}

const asciiLower = (value: string): string => value.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase())
