// Sends messages to browsers through their push services. What cannot be delivered is told, by subscription; a
// subscription that its service does not know any more is forgotten.

import { toUtf8 } from '../../kit/bytes.ts'
import { messageOf } from '../../kit/log.ts'
import type { GuardedFetch } from '../network/guarded-fetch.ts'
import { encryptPayload } from './encryption.ts'
import type { Subscription, Subscriptions } from './subscriptions.ts'
import type { Vapid } from './vapid.ts'

export interface PushMessage {
  readonly title: string
  readonly body: string
  /** A later message with the same tag takes its place. */
  readonly tag?: string
  /** The page that opens when somebody clicks on it. */
  readonly url?: string
}

export interface Delivery {
  readonly subscriptionId: string
  readonly ok: boolean
  readonly statusCode?: number
  readonly error?: string
}

export interface WebPush {
  /** To every subscription. Never rejects for one that fails. */
  send(message: PushMessage, signal: AbortSignal): Promise<Delivery[]>
}

const LIMIT_MS = 15_000
/** Of an answer: nobody reads it. */
const MAX_ANSWER_BYTES = 64 * 1024
const AT_ONCE = 8
/** How long a push service keeps it for a browser that is not running. */
const KEEP_SECONDS = 24 * 60 * 60
const GONE: readonly number[] = [404, 410]
const MAX_COMPLAINT_CHARS = 200

export function createWebPush(deps: { subscriptions: Subscriptions; vapid: Vapid; outside: Pick<GuardedFetch, 'fetch'> }): WebPush {
  const { subscriptions, vapid, outside } = deps

  async function post(subscription: Subscription, payload: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<number> {
    const { endpoint } = subscription
    const body = await encryptPayload(payload, subscription)
    const headers = {
      authorization: await vapid.authorization(endpoint),
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
      ttl: String(KEEP_SECONDS),
      urgency: 'normal',
    }
    const limits = { maxBytes: MAX_ANSWER_BYTES, maxRedirects: 0, timeoutMs: LIMIT_MS }
    return (await outside.fetch(endpoint, { method: 'POST', headers, body, signal, ...limits })).status
  }

  async function deliver(subscription: Subscription, payload: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Delivery> {
    const { id: subscriptionId } = subscription
    try {
      const statusCode = await post(subscription, payload, signal)
      if (statusCode >= 200 && statusCode < 300) return { subscriptionId, ok: true, statusCode }
      if (GONE.includes(statusCode)) subscriptions.forget(subscriptionId)
      return { subscriptionId, ok: false, statusCode, error: `the push service answered ${statusCode}` }
    } catch (error) {
      return { subscriptionId, ok: false, error: messageOf(error).slice(0, MAX_COMPLAINT_CHARS) }
    }
  }

  return {
    async send(message, signal) {
      const payload = toUtf8(JSON.stringify(message))
      const waiting = subscriptions.list()
      const done: Delivery[] = []
      const work = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) done.push(await deliver(next, payload, signal))
      }
      await Promise.all(Array.from({ length: AT_ONCE }, work))
      return done
    },
  }
}
