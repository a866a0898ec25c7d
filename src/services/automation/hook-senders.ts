// Whether a call comes from where it says: by the token of the hooks, or as its mapping wants it proven.

import type { Clock } from '../../ports/clock.ts'
import type { GuardedFetch } from '../network/guarded-fetch.ts'
import type { HookCall } from './hook-mapping.ts'
import { GMAIL_ID } from './hook-presets.ts'
import { hasGoogleToken, hasSignature, hasToken } from './hook-proof.ts'
import type { HookMapping, HooksConfig } from './hook-settings.ts'

export interface HookSenders {
  /** `body`: as it came, for the mappings that want it signed. Of a mapping that is null, the token of the hooks is enough. */
  isProven(mapping: HookMapping | null, call: Pick<HookCall, 'headers'>, body: Uint8Array<ArrayBuffer>, hooks: HooksConfig): Promise<boolean>
}

const GOOGLE_KEYS = 'https://www.googleapis.com/oauth2/v3/certs'
const MAX_KEYS_BYTES = 256 * 1024
const KEYS_TIMEOUT_MS = 10_000
const KEEP_KEYS_MS = 60 * 60 * 1000
/** Whoever names keys that nobody knows has them looked for no more often. */
const LOOK_AGAIN_MS = 60 * 1000

export function createHookSenders({ outside, clock }: { outside: Pick<GuardedFetch, 'fetch'>; clock: Clock }): HookSenders {
  let keys: { readonly url: string; readonly at: number; readonly found: Promise<unknown> } | null = null

  function keysAt(url: string, anew: boolean): Promise<unknown> {
    const age = keys?.url === url ? clock.now() - keys.at : Infinity
    if (keys && age < (anew ? LOOK_AGAIN_MS : KEEP_KEYS_MS)) return keys.found
    const own = { url, at: clock.now(), found: load(url) }
    own.found.catch(() => {
      if (keys === own) keys = null
    })
    keys = own
    return own.found
  }

  async function load(url: string): Promise<unknown> {
    const { status, bytes } = await outside.fetch(url, { maxBytes: MAX_KEYS_BYTES, timeoutMs: KEYS_TIMEOUT_MS, signal: new AbortController().signal })
    if (status !== 200) throw new Error(`the keys of Google could not be read: status ${status}`)
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown
  }

  return {
    async isProven(mapping, { headers }, body, { token = '', presets, gmail }) {
      if (mapping?.verify) return hasSignature(headers, body, mapping.verify, clock.now())
      if (mapping?.id === GMAIL_ID && presets?.includes('gmail') && gmail?.audience && gmail.serviceAccount) {
        const { audience, serviceAccount, jwksUrl = GOOGLE_KEYS } = gmail
        return hasGoogleToken(headers, { audience, serviceAccount, keys: (anew) => keysAt(jwksUrl, anew) }, clock.now())
      }
      return hasToken(headers, token)
    },
  }
}
