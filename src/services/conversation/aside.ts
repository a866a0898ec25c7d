// What the gateway asks an agent by itself: the model hears it, no transcript keeps it, and an answer that says that
// there is nothing is not shown. Pure.

export interface Aside {
  readonly text: string
  /** Characters beside the mark up to which an answer says nothing. */
  readonly ackMaxChars: number
  /** Whether answers that say nothing are shown, and those that say something. */
  readonly showOk: boolean
  readonly showAlerts: boolean
}

/** How an agent says that there is nothing to say. */
const MARKS: readonly string[] = ['HEARTBEAT_OK', 'NO_REPLY']

/** Whether an answer says nothing: it is empty, or hardly more than a mark at its begin or end. */
export function saysNothing(answer: string, ackMaxChars: number): boolean {
  const text = answer.replace(/<[^>]{0,100}>|[*_`~]{1,3}(?=\S)|(?<=\S)[*`~]{1,3}/g, (part) => (part.includes('_') ? part : '')).trim()
  if (text === '') return true
  return MARKS.some((mark) => {
    const isThere = text.startsWith(mark) || text.replace(/(?<![.!\s])[.!\s]+$/, '').endsWith(mark)
    return isThere && text.replace(mark, '').trim().length <= ackMaxChars
  })
}

export const isShown = ({ ackMaxChars, showOk, showAlerts }: Aside, answer: string): boolean =>
  saysNothing(answer, ackMaxChars) ? showOk && answer.trim() !== '' : showAlerts
