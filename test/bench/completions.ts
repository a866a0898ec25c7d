// POST /v1/chat/completions, which both servers answer with the help of the upstream.

import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import { nowUs, order, stampsIn } from './stamps.ts'
import { closedLoop, onOne, quantile, timed, type Measured } from './suite.ts'
import type { Target } from './targets.ts'

const LIMIT_MS = 30_000
const MODEL = 'openclaw'

interface Ask {
  readonly target: Target
  readonly agent: http.Agent
  readonly body: string
}

/** Resolves when the answer is complete. `onPiece` hears of each part of it. */
async function ask({ target, agent, body }: Ask, onPiece: (piece: string) => void): Promise<void> {
  const headers = { authorization: `Bearer ${target.token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const request = http.request(`${target.url}/v1/chat/completions`, { method: 'POST', agent, headers })
  request.setTimeout(LIMIT_MS, () => request.destroy(new Error(`${target.kind} has not answered in time`)))
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`${target.kind} answered ${response.statusCode}`)
  response.setEncoding('latin1')
  response.on('data', onPiece)
  await once(response, 'end')
}

const toBody = (content: string, stream: boolean) => JSON.stringify({ model: MODEL, stream, messages: [{ role: 'user', content }] })

/** Keeps `width` requests under way. The first few of each are not measured. */
async function loop(target: Target, width: number, count: number, body: string, work: (request: Ask) => Promise<void>) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: width })
  const request = { target, agent, body }
  await closedLoop(Math.max(width, count / 10), width, () => ask(request, () => {}))
  const measured = await timed(target, () => closedLoop(count, width, () => work(request)))
  agent.destroy()
  return measured
}

async function whole(target: Target, width: number, count: number): Promise<Measured> {
  const { result: took, cpu, seconds } = await loop(target, width, count, toBody('hello', false), (request) => ask(request, () => {}))
  return {
    [`JSON c${width}, ms p50`]: quantile(took, 0.5),
    [`JSON c${width}, ms p99`]: quantile(took, 0.99),
    [`JSON c${width}, /s`]: count / seconds,
    [`JSON c${width}, CPU ms each`]: (cpu * 1000) / count,
  }
}

async function streamed(target: Target, width: number, count: number, deltas: number, everyMs: number): Promise<Measured> {
  const firsts: number[] = []
  const lags: number[] = []
  const { cpu, seconds } = await loop(target, width, count, toBody(order(deltas, everyMs), true), async (request) => {
    const begun = nowUs()
    let rest = ''
    let heard = 0
    await ask(request, (piece) => {
      const now = nowUs()
      const text = rest + piece
      const end = text.lastIndexOf('\n') + 1
      rest = text.slice(end)
      for (const stamp of stampsIn(text.slice(0, end))) {
        if (heard++ === 0) firsts.push((now - begun) / 1000)
        lags.push((now - stamp) / 1000)
      }
    })
    if (heard !== deltas) throw new Error(`${target.kind} streamed ${heard} deltas instead of ${deltas}`)
  })
  const row = (what: string) => `stream c${width} ${everyMs === 0 ? 'burst' : 'paced'}, ${what}`
  return {
    [row('first delta ms p50')]: quantile(firsts, 0.5),
    [row('lag ms p50')]: quantile(lags, 0.5),
    [row('lag ms p99')]: quantile(lags, 0.99),
    [row('deltas/s')]: (count * deltas) / seconds,
    [row('CPU ms per 1,000 deltas')]: (cpu * 1e6) / (count * deltas),
  }
}

export const completions = onOne('completions', async (target, quick) => ({
  ...(await whole(target, 1, quick ? 200 : 1500)),
  ...(await whole(target, 32, quick ? 500 : 5000)),
  ...(await streamed(target, 8, quick ? 40 : 320, 200, 0)),
  ...(await streamed(target, 20, quick ? 20 : 60, 100, 10)),
}))
