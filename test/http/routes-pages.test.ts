// Paths that the router does not have, or that bring their own key: what the list says of them is so.

import { describe, expect, it } from 'vitest'
import { PAGE_ROUTES } from '../../src/http/routes-pages.ts'
import { openDoor } from './door.ts'

const nobody = { headers: { authorization: null } }
const hooks = PAGE_ROUTES.filter(({ configured }) => configured)

describe('paths of hooks', () => {
  const bodyOf = { '/hooks/wake': { text: 'x' }, '/hooks/agent': { message: 'x' } } as Readonly<Record<string, object>>

  it.each(hooks.map(({ path }) => path))('%s is where the configuration says, and wants the token of hooks', async (path) => {
    const off = await openDoor()
    expect((await off.ask(path, { ...nobody, method: 'POST', body: {} })).status).toBe(404)
    const { ask } = await openDoor({ config: { hooks: { enabled: true, token: 'a token of hooks', path: '/elsewhere', mappings: [{ id: 'x', match: { path: ':name' }, action: 'wake', textTemplate: 'x' }] } } })
    const moved = path.replace('/hooks/', '/elsewhere/')
    expect((await ask(moved, { ...nobody, method: 'POST', body: {} })).status).toBe(401)
    const answer = await ask(moved, { method: 'POST', body: bodyOf[path] ?? {}, headers: { authorization: 'Bearer a token of hooks' } })
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ ok: true })])
  })
})

describe('paths of pages', () => {
  it('are for those who may read, or have been given the address', async () => {
    const { ask } = await openDoor()
    expect((await ask('/avatar/main', nobody)).status).toBe(401)
    expect((await ask('/avatar/main')).status).toBe(200)
    expect((await ask('/canvas-host/guessed/index.html')).status).toBe(404)
  })
})
