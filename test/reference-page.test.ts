// The reference page: nothing in it that its Content-Security-Policy would refuse, nothing from elsewhere, and types that hold.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createAssets } from '../runtimes/shared/static.ts'
import { openDoor } from './http/door.ts'
import { testPlatform } from './harness/platform.ts'

const ROOT = new URL('..', import.meta.url).pathname
const html = readFileSync(`${ROOT}public/reference/index.html`, 'utf8')
const script = readFileSync(`${ROOT}public/reference/reference.js`, 'utf8')

describe('the reference page', () => {
  it('is served, with a policy that it keeps', async () => {
    const { ask } = await openDoor({ platform: testPlatform({ assets: createAssets(`${ROOT}public`) }) })
    const response = await ask('/reference/', { headers: { authorization: null } })
    expect([response.status, await response.text()]).toEqual([200, html])
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:/i)
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.style\b/)
    for (const path of ['/reference/reference.js', '/reference/reference.css']) expect((await ask(path, { headers: { authorization: null } })).status, path).toBe(200)
  })

  it('takes nothing from elsewhere, and all that it names is there', () => {
    const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, to]) => to!)
    expect(named.length).toBeGreaterThan(4)
    const served = ['/openapi.json', '/asyncapi.json', '/schemas']
    expect(named.filter((to) => !served.includes(to) && !existsSync(`${ROOT}public${to}`))).toEqual([])
    for (const text of [html, script]) expect(text).not.toMatch(/https?:\/\//)
  })

  it('has a script whose types hold', { timeout: 60_000 }, () => {
    expect(script).toMatch(/^\/\/ @ts-check\n/)
    const options = ['--noEmit', '--allowJs', '--checkJs', '--strict', '--target', 'es2024', '--module', 'esnext', '--moduleDetection', 'force', '--lib', 'es2024,dom,dom.iterable', '--types', '', `${ROOT}public/reference/reference.js`]
    expect(() => execFileSync(`${ROOT}node_modules/.bin/tsc`, options, { encoding: 'utf8', stdio: 'pipe', cwd: '/' })).not.toThrow()
  })
})
