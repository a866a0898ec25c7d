// What agents show.

import { expect, it } from 'vitest'
import { freshKey, script, type Reach, type Target } from './target.ts'

export function canvasCases(at: Reach, get: () => Target): void {
  it('has an address for a while, which opens nothing else', async () => {
    const { client } = await at.join({ scopes: ['operator.read'] })
    const { agentId, path, expiresAtMs } = await client.call('canvas.open', { agentId: 'fallback' })
    expect([agentId, path]).toEqual(['fallback', expect.stringMatching(/^\/canvas-host\/[\w-]+\.\d+\.[\w-]{43}\/$/)])
    expect(expiresAtMs).toBeGreaterThan(Date.now())
    expect((await get().fetch(path)).status, 'nothing is shown yet').toBe(404)
    expect((await get().fetch(`${path}..%2f..%2fMEMORY.md`)).status).toBe(404)
    expect((await get().fetch('/canvas-host/wrong/')).status).toBe(404)
    expect((await client.request('canvas.open', { agentId: 'nobody' })).error!.message).toContain('unknown agent id')
  })

  it('shows what the agent writes, in an origin of its own, and says when that changes', async () => {
    const { client } = await at.join()
    const { path } = await client.call('canvas.open', { agentId: 'second' })
    const write = async (file: string, content: string) => {
      const sent = { sessionKey: `agent:second:${freshKey()}`, message: script({ tool: { name: 'write', arguments: { path: file, content } } }, { text: 'done' }), idempotencyKey: freshKey() }
      await client.call('chat.send', sent)
      await client.ended(sent.idempotencyKey)
    }
    const changes = () => client.events('canvas.changed').filter(({ agentId }) => agentId === 'second').length
    await write('canvas/index.html', '<script src="app.js"></script>')
    await expect.poll(changes).toBeGreaterThan(0)
    await write('canvas/my app.js', 'shown()')
    await write('canvas/.hidden.js', 'hidden()')
    const page = await get().fetch(path)
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([200, 'text/html; charset=utf-8', '<script src="app.js"></script>'])
    expect(page.headers.get('content-security-policy')).toMatch(/^sandbox (?!.*allow-same-origin)/)
    expect([page.headers.get('cache-control'), page.headers.get('referrer-policy')]).toEqual(['no-store', 'no-referrer'])
    expect(await (await get().fetch(`${path}my%20app.js`)).text()).toBe('shown()')
    expect((await get().fetch(`${path}my%20app.js`, { method: 'HEAD' })).status).toBe(200)
    for (const wrong of ['.hidden.js', '%2ehidden.js', 'my%2520app.js', '..%2fcanvas/index.html', '%2e%2e/canvas/index.html', '..%5ccanvas', '%00', '/etc/passwd', '%2fetc/passwd', 'index.html%00.js', '%c0%ae%c0%ae/x']) {
      expect((await get().fetch(path + wrong)).status, wrong).toBe(404)
    }
    const [, , capability] = path.split('/') as string[]
    const [agent, until, signature] = capability!.split('.')
    for (const other of [`${agent}.${Number(until) + 60_000}.${signature}`, `bWFpbg.${until}.${signature}`, `${agent}.${until}`]) {
      expect((await get().fetch(`/canvas-host/${other}/`)).status, other).toBe(404)
    }
  })
}
