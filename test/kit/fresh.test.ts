import { expect, it } from 'vitest'
import { keepFresh } from '../../src/kit/fresh.ts'

function make(max = 10) {
  let time = 0
  const looked: string[] = []
  const look = async (key: string) => {
    looked.push(key)
    if (key === 'bad') throw new Error('not there')
    return `${key}${looked.length}`
  }
  return { fresh: keepFresh({ now: () => time, ms: 100, max, look }), looked, pass: (ms: number) => (time += ms) }
}

it('looks once in a while, and once for all who ask at the same time', async () => {
  const { fresh, looked, pass } = make()
  expect(await Promise.all([fresh.get('a'), fresh.get('a')])).toEqual(['a1', 'a1'])
  pass(99)
  expect(await fresh.get('a')).toBe('a1')
  pass(1)
  expect(await fresh.get('a')).toBe('a2')
  expect(looked).toEqual(['a', 'a'])
})

it('looks again after a failure, and when it is told to', async () => {
  const { fresh, looked } = make()
  await expect(fresh.get('bad')).rejects.toThrow('not there')
  await expect(fresh.get('bad')).rejects.toThrow('not there')
  await fresh.get('a')
  await fresh.get('b')
  fresh.forget('a')
  await fresh.get('a')
  await fresh.get('b')
  fresh.forget()
  await fresh.get('b')
  expect(looked).toEqual(['bad', 'bad', 'a', 'b', 'a', 'b'])
})

it('remembers a bounded number', async () => {
  const { fresh, looked } = make(2)
  for (const key of ['a', 'b', 'c', 'c', 'a']) await fresh.get(key)
  expect(looked).toEqual(['a', 'b', 'c', 'a'])
})
