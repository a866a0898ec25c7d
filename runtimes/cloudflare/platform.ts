// The platform of a Durable Object: its SQLite, its alarm, its hibernating sockets.

import { createStorage } from 'unstorage'
import type { Peer, Platform, Sql, SqlValue } from '../../src/index.ts'
import { systemClock } from '../shared/clock.ts'
import { toLogLine } from '../shared/log-line.ts'
import type { Env } from './env.ts'
import { sqlFiles } from './files.ts'

/** What a Durable Object can receive in one message. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024

export function createObjectPlatform(ctx: DurableObjectState, env: Env): Platform {
  const sql = createObjectSql(ctx.storage)
  return {
    name: 'cloudflare',
    sql,
    files: createStorage({ driver: sqlFiles(sql) }),
    clock: systemClock,
    alarm: {
      set: (at) => ctx.waitUntil(at === null ? ctx.storage.deleteAlarm() : ctx.storage.setAlarm(at)),
    },
    peers: () => ctx.getWebSockets().map((socket) => toPeer(ctx, socket)),
    env: textsOf(env),
    config: { path: 'OPENCLAW_CONFIG', read: async () => env.OPENCLAW_CONFIG ?? null },
    fetch: (url, init) => fetch(url, init),
    log: (record, json) => console.log(json ?? toLogLine(record)),
    waitUntil: (work) => ctx.waitUntil(work),
    hibernates: true,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  }
}

const textsOf = (env: Env): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))

/** The runtime holds back every answer until the writes before it are on disk: there is no group. */
function createObjectSql(storage: DurableObjectStorage): Sql {
  const query = (text: string, params: readonly SqlValue[]) => storage.sql.exec(text, ...params)
  return {
    all: <Row>(text: string, ...params: SqlValue[]) => query(text, params).toArray() as Row[],
    get: <Row>(text: string, ...params: SqlValue[]) => query(text, params).toArray()[0] as Row | undefined,
    run: (text, ...params) => void query(text, params),
    exec: (script) => void storage.sql.exec(script),
    tx: (work) => storage.transactionSync(work),
  }
}

/** The id of a connection is the tag of its socket, the record its attachment: both outlive hibernation. */
export function toPeer(ctx: DurableObjectState, socket: WebSocket): Peer {
  return {
    id: ctx.getTags(socket)[0]!,
    load: () => socket.deserializeAttachment() as unknown,
    save: (state) => socket.serializeAttachment(state),
    send: (text) => socket.send(text),
    sendShared: (head, tail) => socket.send(head.text + tail),
    buffered: () => (socket as { bufferedAmount?: number }).bufferedAmount ?? 0,
    close: (code, reason) => socket.close(code, reason),
  }
}
