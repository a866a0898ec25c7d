import { describe, expect, it } from 'vitest'
import { formatArgv, textOfArgv } from '../../../src/services/conversation/approval-command.ts'

describe('a command as a person reads it', () => {
  it.each([
    [['ls', '-la'], 'ls -la'],
    [['echo', 'a b'], "echo 'a b'"],
    [['echo', "it's"], "echo 'it'\\''s'"],
    [['echo', ''], "echo ''"],
    [['echo', '$(rm -rf /)'], "echo '$(rm -rf /)'"],
    [['a', '-b=c', '/d/e_f.g'], 'a -b=c /d/e_f.g'],
  ])('types %j', (argv, typed) => {
    expect(formatArgv(argv)).toBe(typed)
  })

  it.each([
    ['the words are the arguments', ['ls', '-la'], 'ls -la', 'ls -la'],
    ['the words say something else', ['rm', '-rf', '/'], 'ls -la', 'rm -rf /'],
    ['the words say less', ['ls', '-la', '--delete'], 'ls -la', 'ls -la --delete'],
    ['words of one argument look like two', ['echo', 'a b'], 'echo a b', "echo 'a b'"],
    ['a shell is given the words', ['/bin/bash', '-lc', 'cd x && make'], 'cd x && make', 'cd x && make'],
    ['a shell is given other words', ['sh', '-c', 'rm -rf /'], 'make', "sh -c 'rm -rf /'"],
    ['a shell is given more than the words', ['sh', '-c', 'make', 'x'], 'make', 'sh -c make x'],
    ['something else than a shell is given the words', ['sudo', '-c', 'make'], 'make', 'sudo -c make'],
    ['nothing is run', [], 'ls', ''],
  ])('shows what would be run when %s', (_, argv, said, shown) => {
    expect(textOfArgv(argv, said)).toBe(shown)
  })
})
