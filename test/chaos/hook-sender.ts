// A process that sends hooks, as many at a time as it may, so that what it costs to send them is not what is measured.
//   node test/chaos/hook-sender.ts <url> <token> <from> <to> <at once>
// Prints the id of the run of each that was acknowledged. One that was perhaps accepted is not sent again.

import http from 'node:http'
import { setPriority } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'

const [url, token, from, to, atOnce] = process.argv.slice(2) as [string, string, string, string, string]
setPriority(19) // whoever is measured goes first
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(atOnce) })
let next = Number(from)

function post(body: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const request = http.request(`${url}/hooks/agent`, { method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.on('data', (piece: Buffer) => (text += piece.toString()))
      response.on('end', () => resolve(response.statusCode === 200 ? (JSON.parse(text) as { runId: string }).runId : null))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function send(n: number): Promise<void> {
  const body = JSON.stringify({ message: `script:${JSON.stringify([{ text: `hook ${n}` }])}` })
  for (;;) {
    try {
      const id = await post(body)
      if (id !== null) process.stdout.write(`${id}\n`)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') return
      await pause(20) // nobody has taken it
    }
  }
}

await Promise.all(
  Array.from({ length: Number(atOnce) }, async () => {
    while (next < Number(to)) await send(next++)
  }),
)
agent.destroy()
