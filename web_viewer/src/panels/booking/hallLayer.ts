import { defineComponent, onUnmounted, watch } from 'vue'

import { parseColour } from '@/layers/colour'
import type { OfferedLayer } from '@/layers/offered'
import type { Names } from '@/net/types'
import { useLayerStore } from '@/stores/layers'
import { useLiveStore } from '@/stores/live'

import type { Hall } from './api'
import { useBookingStore } from './store'

export const HALL_LAYER = 'booking.halls'

type State = Hall['state']

/** After Okabe and Ito: told apart by lightness too. */
export const HALL_COLOURS: Readonly<Record<State, string>> = {
  free: '#4DB6A8',
  soon: '#F2C14E',
  partly: '#E08A3C',
  taken: '#A63A24',
}

const NAME: Names = { zh: '场地预约', en: 'Bookings' }
const STATE_NAMES: Readonly<Record<State, Names>> = {
  free: { zh: '空闲', en: 'Free' },
  soon: { zh: '半小时内有预约', en: 'Booked within 30 min' },
  partly: { zh: '部分占用', en: 'Partly taken' },
  taken: { zh: '已占用', en: 'Taken' },
}
const STATES = Object.keys(HALL_COLOURS) as State[]
const WEIGHT = 235

/** The halls by how they are taken: now and within half an hour, each state with how many halls are in it. */
export function hallLayer(halls: readonly Hall[]): OfferedLayer {
  const bytes = halls.flatMap((hall) => [...(parseColour(HALL_COLOURS[hall.state]) ?? [0, 0, 0]), WEIGHT])
  const states = STATES.map((state) => {
    const count = String(halls.filter((hall) => hall.state === state).length)
    const name = STATE_NAMES[state]
    return { colour: HALL_COLOURS[state], name: { zh: `${name.zh} ${count}`, en: `${name.en} ${count}` } }
  })
  return {
    id: HALL_LAYER,
    name: NAME,
    rooms: { indices: Uint32Array.from(halls, (hall) => hall.space_index), rgba: Uint8Array.from(bytes) },
    legend: [{ kind: 'states', label: null, states }],
  }
}

/** Offers the layer of halls where the venue has any to book, and keeps it fresh while it is chosen. Shows nothing itself. */
export const HallLayer = defineComponent({
  name: 'HallLayer',
  setup() {
    const desk = useBookingStore()
    const layers = useLayerStore()
    const live = useLiveStore()
    let stop: (() => void) | null = null

    watch(
      () => live.hello !== null,
      (known) => {
        if (known && !desk.loaded) void desk.load()
      },
      { immediate: true },
    )
    watch(
      () => desk.halls,
      (halls) => {
        if (halls.length > 0) layers.offer(hallLayer(halls))
      },
      { immediate: true },
    )
    watch(
      () => layers.active?.id === HALL_LAYER,
      (chosen) => {
        stop?.()
        stop = chosen ? desk.follow() : null
      },
      { immediate: true },
    )
    onUnmounted(() => {
      stop?.()
      layers.withdraw(HALL_LAYER)
    })
    return () => null
  },
})
