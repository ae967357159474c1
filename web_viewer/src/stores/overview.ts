import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { FaultWatch, type Fault } from '@/logic/faults'
import { PointHistory, type Series } from '@/logic/history'
import { countDevices, kpisOf, kpiValue, type DeviceCounts, type KpiId } from '@/logic/kpi'

import { useLiveStore } from './live'
import { useModelStore } from './model'

const PERIOD_MS = 1000

/** A figure as it stands now. */
export interface KpiNow {
  readonly id: KpiId
  readonly unit: string
  readonly value: number
  /** Points that it is made of, and how many of them have a usable value. */
  readonly total: number
  readonly known: number
  /** Whether `total` is the most that `value` can be, as with bays taken. */
  readonly ofTotal: boolean
  readonly series: Series
}

/** The venue at a glance: figures once a second, faults at once. */
export const useOverviewStore = defineStore('overview', () => {
  const live = useLiveStore()
  const model = useModelStore()
  const figures = shallowRef<readonly KpiNow[]>([])
  const devices = shallowRef<DeviceCounts>({ total: 0, online: 0, faulty: 0 })
  const known = shallowRef<readonly Fault[]>([])
  /** Rules say what is an alarm here: the devices' own fault states are not listed. */
  const superseded = ref(false)
  const faults = computed(() => (superseded.value ? [] : known.value))
  const kpis = computed(() => kpisOf(live.points, model.devices))
  const seen = ref(-1)
  let watched = new FaultWatch([])
  let history = new PointHistory()

  watch(
    () => [live.columns, live.cuts],
    () => {
      watched = new FaultWatch(live.points)
      // Frames that came before this watcher ran were shown to the watch of the former points.
      watched.update(live.columns.value.keys(), live.columns)
      history = new PointHistory(PERIOD_MS * 2 * (live.hello?.speed ?? 1))
      known.value = watched.list()
      seen.value = -1
    },
  )

  // Devices that are bound to other elements have their faults there.
  watch(
    () => live.points,
    () => {
      watched = new FaultWatch(live.points)
      watched.update(live.columns.value.keys(), live.columns)
      known.value = watched.list()
    },
  )

  live.onChange((changed, columns) => {
    if (watched.update(changed, columns)) known.value = watched.list()
  })

  function refresh(): void {
    if (seen.value === live.revision) return
    seen.value = live.revision
    figures.value = kpis.value.map((kpi, position) => {
      const { value, known } = kpiValue(kpi, live.columns)
      history.record(position, live.nowMs, value)
      return {
        id: kpi.id,
        unit: kpi.unit,
        value,
        known,
        total: kpi.points.length,
        ofTotal: kpi.reduce === 'active',
        series: history.series(position),
      }
    })
    devices.value = countDevices(live.points, live.columns)
  }

  window.setInterval(refresh, PERIOD_MS)

  return { figures, devices, faults, superseded }
})
