// What a node may do by its platform, by the configuration, and who may approve it.

import { describe, expect, it } from 'vitest'
import { createNodePolicy, isAdminCommand, platformOf, scopesToApprove, waitsForForeground } from '../../../src/services/fleet/node-policy.ts'

describe('a platform', () => {
  it.each([
    ['linux', 'Linux', 'linux'],
    ['linux', undefined, 'linux'],
    ['darwin', 'Mac', 'macos'],
    ['macOS 26.3.1', 'Mac', 'macos'],
    ['iOS 18.2', 'iPhone', 'ios'],
    ['iPadOS 18', 'iPad', 'ios'],
    ['android', 'Android', 'android'],
    ['win32', 'Windows', 'windows'],
    ['windows', '', 'windows'],
    [' LINUX ', ' linux ', 'linux'],
    ['freebsd', '', 'unknown'],
    ['', '', 'unknown'],
    // What the device says that it is, must not say something else.
    ['linux', 'iPhone', 'unknown'],
    ['macos', 'Windows', 'unknown'],
    ['linux', 'Something', 'linux'],
  ])('called %s on a %s is %s', (platform, deviceFamily, id) => {
    expect(platformOf({ platform, deviceFamily })).toBe(id)
  })
})

describe('a command', () => {
  const LINUX = { platform: 'linux', deviceFamily: 'Linux' }
  const PHONE = { platform: 'ios', deviceFamily: 'iPhone' }
  const policy = (allow: string[] = [], deny: string[] = []) => createNodePolicy(() => ({ allow, deny }))

  it('is allowed where its platform has it', () => {
    expect(policy().allows('system.run', LINUX)).toBe(true)
    expect(policy().allows('system.run', PHONE)).toBe(false)
    expect(policy().allows('contacts.search', PHONE)).toBe(true)
    expect(policy().allows('demo.echo', LINUX)).toBe(false)
    expect(policy().allows('', LINUX)).toBe(false)
    expect(policy().allows('location.get', { platform: 'something new' })).toBe(true)
    expect(policy().allows('system.run', { platform: 'something new' })).toBe(false)
  })

  it('is allowed or denied by the configuration, as it is now; to deny is stronger', () => {
    const settings = { allow: ['camera.snap'], deny: ['system.run'] }
    const configured = createNodePolicy(() => settings)
    expect(configured.allows('camera.snap', LINUX)).toBe(true)
    expect(configured.allows('system.run', LINUX)).toBe(false)
    settings.deny.push('camera.snap')
    expect(configured.allows('camera.snap', LINUX)).toBe(false)
  })

  it('is refused with the way to allow it', () => {
    expect(policy().explain('nope', LINUX)).toBe('node command not allowed: "nope" is not in the allowlist for platform "linux"')
    expect(policy().explain('nope', { platform: 'BeOS' })).toContain('platform "BeOS"')
    expect(policy().explain('sms.send', LINUX)).toBe('node command not allowed: "sms.send" requires explicit gateway.nodes.commands.allow opt-in')
    expect(policy([], ['system.run']).explain('system.run', LINUX)).toContain('gateway.nodes.commands.deny')
    expect(policy().explain('x'.repeat(5000), { platform: 'y'.repeat(5000) }).length).toBeLessThan(300)
  })

  it.each([
    [[], ['operator.pairing']],
    [['location.get'], ['operator.pairing', 'operator.write']],
    [['location.get', 'system.which'], ['operator.pairing', 'operator.admin']],
    [['system.execApprovals.set'], ['operator.pairing', 'operator.admin']],
    [['terminal.upload'], ['operator.pairing', 'operator.admin']],
  ])('of %j is approved by %j', (commands, scopes) => {
    expect(scopesToApprove(commands)).toEqual(scopes)
  })

  it('runs programs or reads files for admins alone', () => {
    expect(['system.run', 'system.run.prepare', 'system.which', 'browser.proxy', 'browser.proxy.upload.v1', 'fs.listDir', 'system.execApprovals.get'].every(isAdminCommand)).toBe(true)
    expect(['location.get', 'system.notify', 'ollama.chat', 'system.runner'].some(isAdminCommand)).toBe(false)
  })

  it('waits for the foreground if it shows or hears something', () => {
    expect(['canvas.present', 'camera.snap', 'screen.record', 'talk.ptt.start'].every(waitsForForeground)).toBe(true)
    expect(['location.get', 'system.notify', 'cameras.list'].some(waitsForForeground)).toBe(false)
  })
})
