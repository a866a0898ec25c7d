// The list of routes is what is mounted: neither more nor less.

import type { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import type { HttpDeps } from '../../src/http/env.ts'
import { ROUTES } from '../../src/http/routes.ts'
import { openDoor } from './door.ts'

/** A stand-in for whatever a door is built from: to mount is not to serve. */
const anything: unknown = new Proxy(() => anything, { get: (_, name) => (name === Symbol.iterator ? [][Symbol.iterator].bind([]) : anything), apply: () => anything })

const VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
/** Middleware is mounted for all verbs; so is what refuses the others. */
const mountedIn = (app: Pick<Hono, 'routes'>): string[] => [...new Set(app.routes.filter(({ method }) => VERBS.includes(method)).map(({ method, path }) => `${method} ${path}`))]

describe('the list of routes', () => {
  const mounted = mountedIn(createApp(anything as HttpDeps) as unknown as Hono)
  const listed = ROUTES.map(({ verb, path }) => `${verb} ${path}`)

  it('has each that is mounted', () => {
    expect(mounted.length).toBeGreaterThan(12)
    expect(mounted.filter((route) => !listed.includes(route)), 'add them to src/http/routes.ts').toEqual([])
  })

  it('has none that is not, and none twice', () => {
    const configured = ROUTES.flatMap((route) => (route.configured ? `${route.verb} ${route.path}` : []))
    expect(listed.filter((route) => !mounted.includes(route) && !configured.includes(route))).toEqual([])
    expect(new Set(listed).size).toBe(listed.length)
    expect(new Set(ROUTES.map(({ id }) => id)).size).toBe(ROUTES.length)
  })

  it('names each part of a path that has a name', () => {
    for (const { path, params = {} } of ROUTES) {
      for (const [, name] of path.matchAll(/:(\w+)/g)) expect(params[name!]?.in, `${name} of ${path}`).toBe('path')
    }
  })
})

describe('who may use them', () => {
  const fill = (path: string) => path.replace(/:\w+(\{[^}]*\})?/g, 'x').replace('*', 'x')
  const guarded = ROUTES.filter(({ entry }) => typeof entry === 'string')

  it.each(guarded.map(({ verb, path }) => [verb, path] as const))('%s %s is closed without a credential', async (method, path) => {
    const { ask } = await openDoor({ config: { gateway: { http: { endpoints: { metrics: { enabled: true } } } } } })
    const response = await ask(fill(path), { method, headers: { authorization: null }, ...(method !== 'GET' && { body: {} }) })
    expect(response.status).toBe(401)
  })
})
