// The transport of a real WebSocket, and clients over it.

import WebSocket from 'ws'
import { createClient, handshake, type Client, type ConnectChoice, type Data, type Transport } from './client.ts'

export interface OpenOptions {
  readonly headers?: Record<string, string>
  readonly path?: string
}

/** Opens a socket to the gateway at `url` (http or ws), and no more. */
export async function open(url: string, { headers = {}, path = '/' }: OpenOptions = {}): Promise<Client> {
  const socket = new WebSocket(new URL(path, url.replace(/^http/, 'ws')), { headers, perMessageDeflate: false })
  const early: string[] = []
  let onText: (text: string) => void = (text) => void early.push(text)
  const transport: Transport = {
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
    onText(listener) {
      onText = listener
      for (const text of early.splice(0)) listener(text)
    },
    onClose: (listener) => void socket.on('close', (code, reason) => listener(code, reason.toString())),
  }
  socket.on('message', (data) => onText(String(data)))
  const client = createClient(transport)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => {}) // what follows an error is the close
  return client
}

export interface Connected {
  readonly client: Client
  readonly hello: Data
}

export async function connect(url: string, choice: ConnectChoice & OpenOptions): Promise<Connected> {
  const client = await open(url, choice)
  return { client, hello: await handshake(client, choice) }
}
