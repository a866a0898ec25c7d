// A command as a person reads it. What is shown is what would be run: where a list of arguments would be run, words that
// say something else do not stand for it.

const SHELLS = /^(?:.*\/)?(?:sh|bash|dash|zsh|ksh|fish)$/
const SHELL_FLAG = /^-[a-z]*c$/

/** Characters that mean nothing to a shell. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/

const quote = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** The arguments as one would type them. */
export const formatArgv = (argv: readonly string[]): string => argv.map(quote).join(' ')

/** The script that a shell among the arguments is given; undefined: there is no shell, or more than that. */
export function scriptIn([program = '', flag = '', script, ...rest]: readonly string[]): string | undefined {
  return SHELLS.test(program) && SHELL_FLAG.test(flag) && rest.length === 0 ? script : undefined
}

/** The text to show for `argv`: what the asker said, if that is what would be run; else the arguments themselves. */
export function textOfArgv(argv: readonly string[], said: string): string {
  const typed = formatArgv(argv)
  return said === typed || said !== scriptIn(argv) ? typed : said
}

/** The words to show beside the text: those that a shell is given, never others. */
export const previewOf = (argv: readonly string[] | null, words: string | null | undefined): string | null => (words != null && argv !== null && words === scriptIn(argv) ? words : null)
