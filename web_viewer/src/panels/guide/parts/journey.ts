/** What shows once a place is chosen; loaded after the map. */
export { default as PlaceCard } from './PlaceCard.vue'
export { default as RouteCard } from './RouteCard.vue'
export { default as StepCard } from './StepCard.vue'
export { default as StepList } from './StepList.vue'
