// The ways in which a shared credential is checked, one strategy each. `gateway.auth.mode` chooses one.

import { secretsEqual } from '../../kit/bytes.ts'
import type { Credentials } from '../../protocol/connect.ts'
import type { Facts } from './connections.ts'

/** What a mode says of some credentials. `absent`: nothing was offered that this mode looks at. */
export type Verdict = 'valid' | 'wrong' | 'absent'

export interface AuthMode {
  readonly name: 'none' | 'token' | 'password'
  check(credentials: Credentials, facts: Facts): Verdict
}

/** No credential. Only for connections whose socket is on this machine's loopback; the start is refused elsewhere. */
const none: AuthMode = {
  name: 'none',
  check: (_, facts) => (facts.direct ? 'valid' : 'absent'),
}

/** Clients put the one secret that they have into either field, the browser UI into both. */
const sharedSecret = (name: 'token' | 'password', secret: string): AuthMode => ({
  name,
  check({ token, password }) {
    const offered = [token, password].filter((each) => each !== undefined && each !== '')
    if (offered.length === 0) return 'absent'
    return offered.some((each) => secretsEqual(each!, secret)) ? 'valid' : 'wrong'
  },
})

export type AuthSettings =
  | { readonly mode: 'none' }
  | { readonly mode: 'token' | 'password'; readonly secret: string }

export const createAuthMode = (settings: AuthSettings): AuthMode =>
  settings.mode === 'none' ? none : sharedSecret(settings.mode, settings.secret)
