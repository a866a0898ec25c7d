// Time zones by their IANA names.

export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** The zone of the machine. */
export const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone
