// Every method against what is published of it: the scope, and a definition of its result where there is one.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { METHODS } from '../../src/methods/all.gen.ts'
import { loadPublished } from '../harness/published.ts'

/** Methods of our own: the published schema does not have them. */
const OWN = ['health.subscribe', 'config.confirm', 'config.history', 'config.reload', 'audit.calls.list', 'browser.request', 'plugins.controlUi.list', 'mentions.list', 'themes.list', 'plugins.catalog.browse', 'hooks.requests.list', 'canvas.open', 'keys.create', 'keys.list', 'keys.revoke']
/** Methods that need another scope than is published, and why. */
const STRICTER: Readonly<Record<string, string>> = {}

const methods = await Promise.all(METHODS.map((method) => method.load()))

describe('methods', () => {
  const published = loadPublished()

  it.each(methods.map((method) => [method.name, method] as const))('%s needs the scope that is published', (name, method) => {
    const scope = published.scopeOf(name)
    if (OWN.includes(name)) return expect(scope).toBeUndefined()
    if (scope === 'dynamic') return expect(method.scope).not.toBeNull()
    if (scope === 'node') return expect(method.role).toBe('node')
    expect(method.scope).toBe(STRICTER[name] ?? scope)
  })

  it('are not advertised when all that they can do is refuse', () => {
    const refusing = methods.filter(({ result }) => result instanceof z.ZodNever)
    expect(refusing.length).toBeGreaterThan(10)
    expect(refusing.filter(({ hidden }) => !hidden).map(({ name }) => name)).toEqual([])
  })

  it('have summaries that end as sentences do', () => {
    expect(methods.filter(({ summary }) => !/[.!?]$/.test(summary)).map(({ name }) => name)).toEqual([])
  })
})
