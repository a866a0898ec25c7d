// What of params reaches a node: no approval that a caller claims, no field that it does not know.

import { describe, expect, it } from 'vitest'
import { claimedApproval, toNodeParams, unknownApproval } from '../../../src/services/fleet/system-run.ts'

const FIELDS = ['command', 'rawCommand', 'systemRunPlan', 'cwd', 'env', 'timeoutMs', 'needsScreenRecording', 'agentId', 'sessionKey', 'runId', 'suppressNotifyOnExit']

describe('params of system.run', () => {
  it('keep the fields of a run, and get an id', () => {
    const params = { command: ['uname'], cwd: '/', env: { A: '1' }, timeoutMs: 5, agentId: 'main' }
    expect(toNodeParams('system.run', params)).toEqual({ ...params, runId: expect.any(String) })
    expect(toNodeParams('system.run', { command: ['uname'], runId: ' mine ' })).toMatchObject({ runId: 'mine' })
    expect(toNodeParams('system.run', undefined)).toEqual({ runId: expect.any(String) })
  })

  it('keep no other field, whatever it is called', () => {
    const guesses = ['approved', 'approvalDecision', 'approvalId', 'isApproved', 'approve', 'allow', 'allowed', 'allowAlways', 'security', 'ask', 'askFallback', 'elevated', 'sudo', 'root', 'host', 'node', 'policy', 'bypass', 'force', 'trusted', 'internal', 'resolvedBy', 'decision', 'token', 'scopes', 'role', 'admin', 'constructor', '__proto__', 'prototype']
    const styles = guesses.flatMap((name) => [name, name.toUpperCase(), `_${name}`, `${name}_`, `x-${name}`, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)])
    expect(styles.length).toBeGreaterThan(150)
    const params = JSON.parse(`{${styles.map((name) => `${JSON.stringify(name)}:"x"`).join(',')},"command":["uname"]}`)
    expect(Object.keys(toNodeParams('system.run', params) as object).filter((name) => !FIELDS.includes(name))).toEqual([])
  })

  it('must be an object', () => {
    for (const params of ['uname', ['uname'], 1, null]) expect(() => toNodeParams('system.run', params)).toThrow('must be an object')
  })

  it.each([
    [['uname', '-a'], 'uname -a', true],
    [['uname', '-a'], ' uname -a ', true],
    [['echo', 'a b'], 'echo "a b"', true],
    [['echo', 'a"b'], 'echo "a\\"b"', true],
    [['echo', ''], 'echo ""', true],
    [['/bin/sh', '-lc', 'ls | wc'], 'ls | wc', true],
    [['/bin/sh', '-lc', 'ls | wc'], '/bin/sh -lc "ls | wc"', true],
    [['rm', '-rf', '/'], 'ls', false],
    [['sh', '-c', 'rm x', 'ls'], 'ls', false],
    [['/tmp/evil', '-c', 'ls'], 'ls', false],
  ])('%j may be written as %s: %s', (command, rawCommand, may) => {
    const pass = () => toNodeParams('system.run', { command, rawCommand })
    if (may) return expect(pass()).toMatchObject({ command, rawCommand })
    expect(pass).toThrow('rawCommand does not match command')
  })
})

describe('params of anything else', () => {
  it('are what they are, without what speaks of approval', () => {
    expect(toNodeParams('location.get', { precise: true, approved: true, approvalDecision: 'allow-always' })).toEqual({ precise: true })
    expect(toNodeParams('location.get', JSON.parse('{"__proto__":{"a":1},"constructor":1,"b":2}'))).toEqual({ b: 2 })
    for (const params of ['text', [1], 5, null, undefined]) expect(toNodeParams('location.get', params)).toEqual(params)
  })
})

describe('a claim that something was approved', () => {
  it('needs the id of the approval', () => {
    expect(claimedApproval('system.run', { approved: true, runId: ' r ' })).toBe('r')
    expect(claimedApproval('system.run', { approvalDecision: 'allow-once', runId: 'r' })).toBe('r')
    for (const claim of [{ approved: true }, { approvalDecision: 'allow-always', runId: '' }, { approved: true, runId: 7 }]) {
      expect(() => claimedApproval('system.run', claim)).toThrow('approval override requires params.runId')
    }
  })

  it('is none otherwise', () => {
    for (const params of [{}, { approved: false }, { approved: 'true' }, { approvalDecision: 'deny' }, null, 'x', undefined]) {
      expect(claimedApproval('system.run', params)).toBeNull()
    }
    expect(claimedApproval('location.get', { approved: true })).toBeNull()
  })

  it('is refused with the id, cut', () => {
    expect(unknownApproval('x'.repeat(5000))).toMatchObject({ options: { details: { code: 'UNKNOWN_APPROVAL_ID', runId: 'x'.repeat(200) } } })
  })
})
