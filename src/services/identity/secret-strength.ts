// Whether a secret keeps anybody out. Asked where others than this machine can try.

const MIN_CHARS = 12

/** Of which examples are made, in documents, templates and first tries. */
const WORDS: readonly string[] =
  'a an the my your our own this that is it be me here in to of for please change changeme change_me replace replaceme insert set put enter paste fill todo fixme placeholder example sample demo dummy default test testing dev local some any with strong long random super very secure safe secret secrets token tokens password passwd pass pw key keys auth admin root user gateway openclaw edgeclaw clawdbot claw bearer hunter'.split(' ')

/** Why it would not; null: it may do. A text that only stands for a secret is one of words that examples have. */
export function weaknessOf(secret: string): string | null {
  const text = secret.trim()
  if (text === '') return 'is empty'
  if (/^<.*>$|^\$?\{.*\}$|^\[.*\]$/.test(text) || isExample(text)) return 'is a placeholder'
  if (text.length < MIN_CHARS || new Set(text).size < 4) return `is too short: ${MIN_CHARS} characters of no pattern are the least`
  return null
}

/** A word of three letters at least must be among them: of random digits two may be "be", or "a". */
const isExample = (text: string): boolean => {
  const words = text.toLowerCase().split(/[^a-z]+/).filter((word) => word !== '')
  return words.some((word) => word.length > 2) && words.every((word) => WORDS.includes(word) || /^(.)\1{2,}$/.test(word))
}
