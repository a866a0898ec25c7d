// The hours of a day in which an agent may speak up by itself. Pure.

export interface ActiveHours {
  /** `HH:MM`. */
  readonly start: string
  /** `HH:MM`; `24:00` is the end of the day. Before `start`: on the next day. */
  readonly end: string
  /** IANA. */
  readonly timezone: string
}

export function isActive({ start, end, timezone }: ActiveHours, moment: number): boolean {
  const now = minutesOf(timeIn(timezone, moment))
  const [from, to] = [minutesOf(start), minutesOf(end)]
  if (from === to) return true
  return from < to ? now >= from && now < to : now >= from || now < to
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))

const timeIn = (timeZone: string, moment: number): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(moment)
