import type { components } from '@/generated/api'

/** That the film cannot be written now, as `/api/health` says it. */
export type FilmHealth = components['schemas']['FilmHealth']

/** A text of the catalogues, with the values in it. */
export interface Words {
  readonly key: string
  readonly named: Readonly<Record<string, string>>
}

const HOUR_S = 3600
/** Above this, minutes are no use. */
const IN_HOURS_S = 2 * HOUR_S

/**
 * What is wrong and what to do about it, then what becomes of the data meanwhile; nothing of that on a server
 * that does not record, another one does.
 */
export function filmTrouble(film: FilmHealth, since: string, count: (n: number) => string): readonly Words[] {
  const fault = { key: `film.${film.fault}`, named: { reason: film.reason } }
  return film.waiting + film.lost > 0 ? [fault, meanwhile(film, since, count)] : [fault]
}

function meanwhile(film: FilmHealth, since: string, count: (n: number) => string): Words {
  if (film.lost > 0) return { key: 'film.losing', named: { count: count(film.lost) } }
  const named = { since, count: count(film.waiting) }
  if (film.lasts_s === null) return { key: 'film.waiting', named }
  return film.lasts_s > IN_HOURS_S
    ? { key: 'film.lastsHours', named: { ...named, left: String(Math.floor(film.lasts_s / HOUR_S)) } }
    : { key: 'film.lastsMinutes', named: { ...named, left: String(Math.floor(film.lasts_s / 60)) } }
}

/** What is said once it is over; `before`: how it was last. */
export function filmRecovered(before: FilmHealth, count: (n: number) => string): Words {
  return before.lost > 0 ? { key: 'film.againLost', named: { count: count(before.lost) } } : { key: 'film.again', named: {} }
}
