// Keys of objects that come from outside.

/** Keys that would reach an object's prototype. They are refused or dropped wherever they come from outside. */
export const isDangerousKey = (key: string): boolean =>
  key === '__proto__' || key === 'constructor' || key === 'prototype'
