import { defineComponent, onUnmounted, watch } from 'vue'

import { stateLayer, type OfferedLayer, type StateLook } from '@/layers/offered'
import type { Names } from '@/net/types'
import { useLayerStore } from '@/stores/layers'
import { useLiveStore } from '@/stores/live'

import type { Hall } from './api'
import { useBookingStore } from './store'

export const HALL_LAYER = 'booking.halls'

const NAME: Names = { zh: '场地预约', en: 'Bookings' }
/** Colours after Okabe and Ito: told apart by lightness too. */
const LOOKS: Readonly<Record<Hall['state'], StateLook>> = {
  free: { colour: '#4DB6A8', name: { zh: '空闲', en: 'Free' } },
  soon: { colour: '#F2C14E', name: { zh: '半小时内有预约', en: 'Booked within 30 min' } },
  partly: { colour: '#E08A3C', name: { zh: '部分占用', en: 'Partly taken' } },
  taken: { colour: '#A63A24', name: { zh: '已占用', en: 'Taken' } },
}
const WEIGHT = 235

/** The halls by how they are taken: now and within half an hour, each state with how many halls are in it. */
export function hallLayer(halls: readonly Hall[]): OfferedLayer {
  const rooms = halls.map(({ state, space_index: element }) => ({ state, element }))
  return stateLayer({ id: HALL_LAYER, name: NAME }, LOOKS, WEIGHT, rooms)
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
