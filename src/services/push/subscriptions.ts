// The browsers that want to be told something while no page of theirs is open. A subscription belongs to whoever made
// it, and to the browser that has its keys.

import { uuid } from '../../kit/ids.ts'
import { GatewayError, invalid } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Commit } from '../../store/commit.ts'
import type { Migration } from '../../store/migrate.ts'
import type { SubscriptionKeys } from './encryption.ts'

export const pushMigration: Migration = {
  name: 'push/subscriptions',
  script: `CREATE TABLE push_subscriptions (
    id TEXT PRIMARY KEY, endpoint TEXT NOT NULL UNIQUE, p256dh TEXT NOT NULL, auth TEXT NOT NULL,
    owner TEXT NOT NULL, created_at INTEGER NOT NULL
  ) WITHOUT ROWID`,
}

export interface Subscription extends SubscriptionKeys {
  readonly id: string
  readonly endpoint: string
  /** A principal. */
  readonly owner: string
}

export interface Subscriptions {
  /** Returns the id. Who has the keys of a browser may take its subscription over. */
  add(endpoint: string, keys: SubscriptionKeys, owner: string): string
  /** Whether there was one. Throws when it is somebody else's. */
  remove(endpoint: string, owner: string): boolean
  /** The push service does not know it any more. */
  forget(id: string): void
  /** Their owner is gone. */
  forgetOwner(owner: string): void
  list(): Subscription[]
}

const MAX_SUBSCRIPTIONS = 200

export function createSubscriptions({ sql, commit, clock }: { sql: Sql; commit: Commit; clock: Clock }): Subscriptions {
  const find = (endpoint: string) => sql.get<Subscription>('SELECT * FROM push_subscriptions WHERE endpoint = ?', endpoint)
  const count = () => sql.get<{ n: number }>('SELECT count(*) AS n FROM push_subscriptions')!.n

  return {
    add: (endpoint, { p256dh, auth }, owner) =>
      commit.tx(() => {
        const known = find(endpoint)
        const hasKeys = known?.p256dh === p256dh && known.auth === auth
        if (known && !hasKeys && known.owner !== owner) {
          throw new GatewayError('FORBIDDEN', 'existing browser subscription keys required; reconnect from the owning browser')
        }
        if (known) {
          sql.run('UPDATE push_subscriptions SET p256dh = ?, auth = ?, owner = ? WHERE id = ?', p256dh, auth, owner, known.id)
          return known.id
        }
        if (count() >= MAX_SUBSCRIPTIONS) throw invalid(`there are ${MAX_SUBSCRIPTIONS} push subscriptions already: remove some`)
        const id = uuid()
        sql.run('INSERT INTO push_subscriptions (id, endpoint, p256dh, auth, owner, created_at) VALUES (?, ?, ?, ?, ?, ?)', id, endpoint, p256dh, auth, owner, clock.now())
        return id
      }),
    remove: (endpoint, owner) =>
      commit.tx(() => {
        const known = find(endpoint)
        if (known?.owner !== owner) throw new GatewayError('FORBIDDEN', 'subscription is not bound to this device')
        sql.run('DELETE FROM push_subscriptions WHERE id = ?', known.id)
        return true
      }),
    forget: (id) => commit.tx(() => sql.run('DELETE FROM push_subscriptions WHERE id = ?', id)),
    forgetOwner: (owner) => commit.tx(() => sql.run('DELETE FROM push_subscriptions WHERE owner = ?', owner)),
    list: () => sql.all<Subscription>('SELECT * FROM push_subscriptions ORDER BY created_at, id'),
  }
}
