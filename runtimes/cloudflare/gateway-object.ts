// The Durable Object: one gateway. Its sockets hibernate, so an idle gateway costs nothing; what a connection is, is
// kept beside its socket, and taken up again when a message or the alarm wakes the object.

import { DurableObject } from 'cloudflare:workers'
import { createGateway, type Gateway, type Platform } from '../../src/index.ts'
import type { Env } from './env.ts'
import { createObjectPlatform, toPeer } from './platform.ts'
import { refuse } from './refuse.ts'

export class GatewayObject extends DurableObject<Env> {
  readonly #gateway: Gateway

  /** The runtime gives the first two; a class made of this one may stand on another platform. */
  constructor(ctx: DurableObjectState, env: Env, platform: Platform = createObjectPlatform(ctx, env)) {
    super(ctx, env)
    this.#gateway = createGateway(platform)
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
  }

  override async fetch(request: Request): Promise<Response> {
    // There is no socket with an address here: nothing is ever local.
    const info = { remoteAddress: null }
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') return this.#gateway.fetch(request, info)
    if (!(await this.#gateway.ready())) return refuse(503, 'the gateway could not start: its log says why')
    const admission = await this.#gateway.socket.admit(request, info)
    if (admission instanceof Response) return admission
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server, [crypto.randomUUID()])
    await this.#gateway.socket.open(toPeer(this.ctx, server), admission)
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const text = typeof message === 'string' ? message : new TextDecoder().decode(message)
    await this.#gateway.socket.message(toPeer(this.ctx, socket), text)
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    this.#gateway.socket.close(toPeer(this.ctx, socket))
    // The close has to be answered; 1005 and 1006 say that there was no code, and cannot be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code, reason)
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#gateway.socket.close(toPeer(this.ctx, socket))
  }

  override async alarm(): Promise<void> {
    await this.#gateway.wake()
  }
}
