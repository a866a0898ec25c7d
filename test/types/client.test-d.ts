// What must and must not compile with the typed client.

import { createClient, type HelloOk } from '../../src/client.ts'

const client = createClient({ url: 'ws://127.0.0.1:18789' })

export async function compiles(): Promise<void> {
  const hello: HelloOk = await client.connect()
  const sent = await client.request('chat.send', { sessionKey: 'main', message: 'Hello.', idempotencyKey: 'k' })
  const runId: string = 'runId' in sent ? sent.runId : sent.runIds.join()
  await client.request('health')
  await client.request('health', {}, { timeoutMs: 5, signal: AbortSignal.timeout(5) })
  client.on('chat', (payload) => payload.runId.startsWith(hello.server.connId))
  client.on('tick', ({ ts }) => ts.toFixed())
  const ended = await client.requestFinal('agent', { message: 'x', idempotencyKey: runId }, { onAccepted: ({ acceptedAt }) => acceptedAt.toFixed() })
  const status: 'ok' | 'aborted' = ended.status
  void status
}

export async function doesNot(): Promise<void> {
  // @ts-expect-error there is no such method
  await client.request('chat.sent', {})
  // @ts-expect-error it needs params
  await client.request('chat.send')
  // @ts-expect-error one is missing
  await client.request('chat.send', { sessionKey: 'main', message: 'Hello.' })
  // @ts-expect-error it is a text
  await client.request('chat.send', { sessionKey: 'main', message: 7, idempotencyKey: 'k' })
  // @ts-expect-error it has no such member
  await client.request('chat.send', { sessionKey: 'main', message: 'x', idempotencyKey: 'k', nonsense: 1 })
  // @ts-expect-error the result has no such member
  void (await client.request('chat.send', { sessionKey: 'main', message: 'x', idempotencyKey: 'k' })).nonsense
  // @ts-expect-error there is no such event
  client.on('chatter', () => {})
  // @ts-expect-error it is a number
  client.on('tick', ({ ts }) => ts.startsWith(''))
  // @ts-expect-error an address is needed
  createClient({})
  // @ts-expect-error it is not said how long
  await client.request('health', {}, { timeoutMs: '5' })
}

interface Own {
  readonly 'my.method': { readonly params: { readonly n: number }; readonly result: string }
}
/** For a gateway with methods of its own. */
export const own = createClient<Own, { 'my.event': number }>({ url: 'ws://127.0.0.1:18789' })
export const answered: Promise<string> = own.request('my.method', { n: 1 })
// @ts-expect-error it has no others
export const refused = own.request('health')
