// Who is connected: the record that outlives sleep, the numbers of events, and how much one connection may ask for.

import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/protocol/errors.ts'
import { createConnections, cutToBytes, type ConnectionRecord, type Facts, type Session } from '../../../src/services/identity/connections.ts'

const FACTS: Facts = { address: '127.0.0.1', direct: true, host: 'localhost', origin: null }

const session = (changes: Partial<Session> = {}): Session => ({
  dialect: 'typed',
  protocol: 4,
  client: { id: 'cli', version: '1', platform: 'linux', mode: 'cli' },
  principalId: 'operator',
  role: 'operator',
  scopes: ['operator.write'],
  caps: ['tool-events'],
  ...changes,
})

function create() {
  const connections = createConnections()
  const saved: ConnectionRecord[] = []
  const save = (record: ConnectionRecord) => void saved.push(structuredClone(record))
  const open = (id = 'c1') => connections.open(id, FACTS, 'a nonce', 1000, save)
  return { connections, saved, save, open, connection: open() }
}

describe('a record', () => {
  it('is kept from the first moment, and again with everything that changes', () => {
    const { saved, connection } = create()
    expect(saved).toEqual([{ openedAt: 1000, nonce: 'a nonce', facts: FACTS, topics: [], seqLimit: 1 }])
    connection.establish(session())
    connection.subscribe('sessions')
    expect(saved.at(-1)).toEqual({ openedAt: 1000, nonce: 'a nonce', facts: FACTS, topics: ['sessions'], seqLimit: 1, session: session() })
    connection.unsubscribe('sessions')
    expect(saved.at(-1)!.topics).toEqual([])
  })

  it('is not written when nothing changes', () => {
    const { saved, connection } = create()
    connection.subscribe('sessions')
    const before = saved.length
    connection.subscribe('sessions')
    connection.unsubscribe('another')
    expect(saved).toHaveLength(before)
  })

  it('makes the same connection again', () => {
    const { saved, connection } = create()
    connection.establish(session({ deviceId: 'a device' }))
    connection.subscribe('health')
    const restored = createConnections().restore('c1', saved.at(-1)!, () => {})
    expect(restored).toMatchObject({ id: 'c1', openedAt: 1000, nonce: 'a nonce', facts: FACTS, session: connection.session, principal: connection.principal })
    expect([...restored.topics]).toEqual(['health'])
    expect([...restored.caps]).toEqual(['tool-events'])
  })

  it('makes one again that had not connected', () => {
    const { saved } = create()
    const restored = createConnections().restore('c1', saved.at(-1)!, () => {})
    expect(restored).toMatchObject({ nonce: 'a nonce', session: null, principal: null })
    restored.establish(session())
    expect(restored.principal!.id).toBe('operator')
  })
})

describe('a principal', () => {
  it('is there once connect has succeeded, with what its scopes imply', () => {
    const { connection } = create()
    expect([connection.session, connection.principal, connection.caps.size]).toEqual([null, null, 0])
    connection.establish(session())
    expect(connection.principal).toEqual({ id: 'operator', role: 'operator', scopes: new Set(['operator.write', 'operator.read', 'operator.talk']) })
    expect(connection.caps.has('tool-events')).toBe(true)
  })

  it('names its device', () => {
    const { connection } = create()
    connection.establish(session({ deviceId: 'a device' }))
    expect(connection.principal).toMatchObject({ deviceId: 'a device' })
  })
})

describe('numbers of events', () => {
  it('begin at one and have no gaps', () => {
    const { connection } = create()
    expect(Array.from({ length: 200 }, () => connection.nextSeq())).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
  })

  it('cost a write for each 64 of them', () => {
    const { connection, saved } = create()
    const before = saved.length
    for (let n = 0; n < 64 * 3; n++) connection.nextSeq()
    expect(saved.length - before).toBe(3)
  })

  it('are never used twice, wherever sleep comes', () => {
    const { connection, saved } = create()
    let current = connection
    let highest = 0
    for (const length of [1, 63, 64, 65, 0, 130]) {
      for (let n = 0; n < length; n++) {
        const seq = current.nextSeq()
        expect(seq).toBeGreaterThan(highest)
        highest = seq
      }
      current = createConnections().restore('c1', saved.at(-1)!, (record) => void saved.push(structuredClone(record)))
    }
  })
})

describe('subscriptions', () => {
  const refused = (work: () => void) => {
    try {
      work()
    } catch (error) {
      return error instanceof GatewayError ? error.options.details!['code'] : error
    }
    return 'taken'
  }

  it('are 256 at most; one that is there already is none more', () => {
    const { connection } = create()
    for (let n = 0; n < 256; n++) connection.subscribe(`s${n}`)
    expect(refused(() => connection.subscribe('one more'))).toBe('TOO_MANY_SUBSCRIPTIONS')
    expect(refused(() => connection.subscribe('s0'))).toBe('taken')
    connection.unsubscribe('s0')
    expect(refused(() => connection.subscribe('one more'))).toBe('taken')
  })

  it('have a length together', () => {
    const { connection, saved } = create()
    for (let n = 0; n < 16; n++) connection.subscribe(String(n).padStart(512, '0'))
    const before = saved.length
    expect(refused(() => connection.subscribe('x'))).toBe('TOO_MANY_SUBSCRIPTIONS')
    expect(connection.topics.size).toBe(16)
    expect(saved).toHaveLength(before)
  })

  it('that could not be kept are none, and can be tried again', () => {
    const connections = createConnections()
    let isFull = false
    const connection = connections.open('c1', FACTS, 'a nonce', 1000, () => {
      if (isFull) throw new Error('the record is too large')
    })
    connection.subscribe('kept')
    isFull = true
    expect(() => connection.subscribe('lost')).toThrow('too large')
    expect(() => connection.unsubscribe('kept')).toThrow('too large')
    expect(() => connection.establish(session())).toThrow('too large')
    expect([...connection.topics]).toEqual(['kept'])
    expect([connection.session, connection.principal, connection.caps.size]).toEqual([null, null, 0])
    isFull = false
    connection.subscribe('lost')
    expect([...connection.topics]).toEqual(['kept', 'lost'])
  })

  it('of long names in any script fit into the 16 KiB that a record may have', () => {
    const { connection, saved } = create()
    connection.establish(session())
    for (let n = 0; n < 256; n++) refused(() => connection.subscribe(`session:agent:main:${n}${'会'.repeat(480)}`))
    expect(Buffer.byteLength(JSON.stringify(saved.at(-1)))).toBeLessThanOrEqual(16 * 1024)
  })
})

describe('a text in a record', () => {
  it.each([
    ['short', 10, 'short'],
    ['exactly so', 10, 'exactly so'],
    ['too long for it', 10, 'too long f'],
    ['会会会会', 10, '会会会'],
    ['🦀🦀🦀', 10, '🦀🦀'],
    ['\u0001\u0001\u0001', 10, '\u0001'],
    ['"'.repeat(6), 10, '"'.repeat(5)],
    ['\ud800\ud800', 10, '\ud800'],
    ['', 10, ''],
  ])('%j is cut to %i bytes of JSON, through no character', (text, limit, cut) => {
    expect(cutToBytes(text, limit)).toBe(cut)
  })
})

describe('all connections', () => {
  it('are known by id until they close', () => {
    const { connections, connection, open } = create()
    const other = open('c2')
    expect(connections.size).toBe(2)
    expect(connections.get('c2')).toBe(other)
    connections.close('c2')
    connections.close('never was')
    expect(connections.get('c2')).toBeUndefined()
    expect(connections.get('c1')).toBe(connection)
    expect(connections.size).toBe(1)
  })

  it('tells those that have connected from those that have not', () => {
    const { connections, connection, open } = create()
    open('c2')
    expect([...connections.established()]).toEqual([])
    connection.establish(session())
    expect([...connections.established()]).toEqual([connection])
  })

  it('ends those that are meant, and tells every listener', () => {
    const { connections, connection, open } = create()
    const other = open('c2')
    connection.establish(session({ deviceId: 'lost' }))
    other.establish(session({ deviceId: 'kept' }))
    const told: unknown[] = []
    connections.onDisconnect((...said) => {
      told.push(said)
      connections.close(said[0]) // as the socket does in the end
    })
    connections.onDisconnect((id) => void told.push(id))
    connections.disconnect(({ session }) => session?.deviceId === 'lost', 1008, 'device removed')
    expect(told).toEqual([['c1', 1008, 'device removed'], 'c1'])
    expect([...connections.established()]).toEqual([other])
  })

  it('of two gateways do not touch', () => {
    const [one, two] = [create(), create()]
    one.connections.close('c1')
    expect(two.connections.size).toBe(1)
  })
})
