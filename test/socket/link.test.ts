// One socket: what is written to it, when it is let go, and that nothing is written afterwards.

import { describe, expect, it } from 'vitest'
import { MAX_BUFFERED_BYTES } from '../../src/protocol/version.ts'
import { createConnections } from '../../src/services/identity/connections.ts'
import { createLink, truncateReason } from '../../src/socket/link.ts'

function create() {
  const sent: string[] = []
  const closed: [code: number, reason: string][] = []
  const peer = {
    id: 'c1',
    waiting: 0,
    load: () => null,
    save: () => {},
    send: (text: string) => void sent.push(text),
    sendShared: (head: { text: string }, tail: string) => void sent.push(head.text + tail),
    buffered: () => peer.waiting,
    close: (code: number, reason: string) => void closed.push([code, reason]),
  }
  const facts = { address: null, direct: false, host: null, origin: null }
  const link = createLink(peer, createConnections().open('c1', facts, 'a nonce', 0, () => {}))
  return { link, peer, sent, closed }
}

describe('writing', () => {
  it('goes to the peer', () => {
    const { link, sent } = create()
    link.send('a')
    link.sendShared({ text: '{"a":1' }, '}')
    expect(sent).toEqual(['a', '{"a":1}'])
    expect(link.open).toBe(true)
  })

  it('goes on up to the limit of what may wait, and beyond it lets the reader go', () => {
    const { link, peer, sent, closed } = create()
    peer.waiting = MAX_BUFFERED_BYTES
    link.send('a')
    expect(closed).toEqual([])
    peer.waiting++
    link.send('b')
    expect(closed).toEqual([[1008, 'slow consumer']])
    peer.waiting = 0
    link.send('c')
    link.sendShared({ text: 'd' }, '')
    expect(sent).toEqual(['a'])
    expect(closed).toHaveLength(1)
    expect(link.open).toBe(false)
  })

  it('stops with the close, and with the end', () => {
    for (const stop of [(link: ReturnType<typeof create>['link']) => link.close(1000, ''), (link: ReturnType<typeof create>['link']) => link.end()]) {
      const { link, sent } = create()
      stop(link)
      link.send('a')
      link.sendShared({ text: 'b' }, '')
      expect(sent).toEqual([])
      expect(link.open).toBe(false)
    }
  })
})

describe('closing', () => {
  it('happens once', () => {
    const { link, closed } = create()
    link.close(1008, 'first')
    link.close(1012, 'second')
    link.end()
    link.close(1012, 'third')
    expect(closed).toEqual([[1008, 'first']])
  })

  it('does not close what is gone', () => {
    const { link, closed } = create()
    link.end()
    link.close(1008, 'late')
    expect(closed).toEqual([])
  })

  it('gives a reason of 123 bytes at most', () => {
    const { link, closed } = create()
    link.close(1008, 'x'.repeat(500))
    expect(closed[0]![1]).toBe('x'.repeat(123))
  })

  it.each(['', 'short', 'x'.repeat(123), 'ü'.repeat(100), '会'.repeat(100), '🦀'.repeat(100), `${'x'.repeat(122)}ü`, `${'x'.repeat(121)}🦀`])('cuts %j where it must', (reason) => {
    const cut = truncateReason(reason)
    expect(reason.startsWith(cut)).toBe(true)
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(123)
    if (Buffer.byteLength(reason) <= 123) expect(cut).toBe(reason)
    else expect(Buffer.byteLength(cut)).toBeGreaterThan(119)
  })
})

describe('its signal', () => {
  it('aborts when the socket is gone, not before', () => {
    const { link } = create()
    const { signal } = link
    expect(link.signal).toBe(signal)
    link.close(1008, 'closing')
    expect(signal.aborted).toBe(false) // what the client asked for is still on its way
    link.end()
    expect(signal.aborted).toBe(true)
    expect((signal.reason as Error).message).toBe('the connection was closed')
  })

  it('is aborted already when it is asked for afterwards', () => {
    const { link } = create()
    link.end()
    expect(link.signal.aborted).toBe(true)
  })
})

it('calls off the deadline when it ends', () => {
  const { link } = create()
  let calledOff = 0
  link.cancelDeadline = () => void calledOff++
  link.end()
  expect(calledOff).toBe(1)
})
