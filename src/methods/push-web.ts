// Messages to browsers of which no page is open.

import * as z from 'zod'
import { fromBase64Url } from '../kit/bytes.ts'
import { invalid, unavailable } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import { assertPushEndpoint } from '../services/push/endpoint.ts'
import { isPublicKey } from '../services/push/vapid.ts'

const text = z.string().min(1)
const endpoint = z
  .string()
  .max(2048)
  .regex(/^https:\/\//)

export const pushWebVapidPublicKey = defineMethod({
  name: 'push.web.vapidPublicKey',
  scope: 'operator.write',
  summary: 'The key with which browsers subscribe.',
  params: z.strictObject({}),
  result: z.strictObject({ vapidPublicKey: text }),
  uses: ['pushKeys'],
  handler: async (_, { pushKeys }) => ({ vapidPublicKey: await pushKeys.publicKey() }),
})

export const pushWebSubscribe = defineMethod({
  name: 'push.web.subscribe',
  scope: 'operator.write',
  summary: 'Keeps the push subscription of a browser.',
  params: z.strictObject({ endpoint, keys: z.strictObject({ p256dh: text.max(256), auth: text.max(64) }) }),
  result: z.strictObject({ subscriptionId: text }),
  uses: ['pushSubscriptions', 'outside'],
  async handler({ endpoint: address, keys }, { pushSubscriptions, outside, caller }) {
    assertPushEndpoint(address, outside)
    if (!(await isPublicKey(keys.p256dh))) throw invalid('invalid push.web.subscribe params: at /keys/p256dh: must be a public key')
    if (fromBase64Url(keys.auth)?.length !== 16) throw invalid('invalid push.web.subscribe params: at /keys/auth: must be 16 bytes')
    return { subscriptionId: pushSubscriptions.add(address, keys, caller.id) }
  },
})

export const pushWebUnsubscribe = defineMethod({
  name: 'push.web.unsubscribe',
  scope: 'operator.write',
  summary: 'Forgets a push subscription of the caller.',
  params: z.strictObject({ endpoint }),
  result: z.strictObject({ removed: z.boolean() }),
  uses: ['pushSubscriptions'],
  handler: (params, { pushSubscriptions, caller }) => ({ removed: pushSubscriptions.remove(params.endpoint, caller.id) }),
})

const delivery = z.strictObject({ subscriptionId: text, ok: z.boolean(), statusCode: z.int().optional(), error: text.optional() })

export const pushWebTest = defineMethod({
  name: 'push.web.test',
  scope: 'operator.write',
  summary: 'Sends a message to every subscription, and says what became of it.',
  params: z.strictObject({ title: z.string().max(256).optional(), body: z.string().max(2048).optional() }),
  result: z.strictObject({ results: z.array(delivery) }),
  uses: ['pushSubscriptions', 'webPush'],
  async handler({ title, body }, { pushSubscriptions, webPush, signal }) {
    if (pushSubscriptions.list().length === 0) throw invalid('no web push subscriptions registered')
    const results = await webPush.send({ title: title || 'edgeclaw', body: body || 'This is how messages of your gateway look.', tag: 'push-test' }, signal)
    if (!results.some(({ ok }) => ok)) {
      throw unavailable('all web push deliveries failed', { retryable: false, details: { results: results.map((each) => ({ ...each })) } })
    }
    return { results }
  },
})
