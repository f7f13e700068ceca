//! The items of lists, and which row each belongs to.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, OffsetBuffer};

/// The lists of an array of type LargeList, their items in one array that holds no others.
pub(crate) struct Items {
    pub(crate) values: ArrayRef,
    offsets: OffsetBuffer<i64>,
}

impl Items {
    pub(crate) fn of(array: &dyn Array) -> Items {
        let lists = array.as_list::<i64>();
        let (first, last) = (lists.offsets()[0], lists.offsets()[lists.len()]);
        let values = lists
            .values()
            .slice(first as usize, (last - first) as usize);
        Items {
            values,
            offsets: lists.offsets().clone(),
        }
    }

    pub(crate) fn length(&self, list: usize) -> usize {
        (self.offsets[list + 1] - self.offsets[list]) as usize
    }

    /// The list that an item is in, and its number there, from 0.
    pub(crate) fn place(&self, item: usize) -> (usize, usize) {
        let at = item as i64 + self.offsets[0];
        let list = self.offsets.partition_point(|start| *start <= at) - 1;
        (list, (at - self.offsets[list]) as usize)
    }

    /// Which items are in lists that count: a null list may hide some.
    pub(crate) fn within(&self, lists: &BooleanBuffer) -> BooleanBuffer {
        let mut items = BooleanBufferBuilder::new(self.values.len());
        for list in 0..lists.len() {
            items.append_n(self.length(list), lists.value(list));
        }
        items.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::LargeListArray;
    use arrow_array::types::Int32Type;

    #[test]
    fn items_find_their_lists_in_slices_too() {
        let some = |values: Vec<i32>| Some(values.into_iter().map(Some).collect::<Vec<_>>());
        let lists = LargeListArray::from_iter_primitive::<Int32Type, _, _>([
            some(vec![9]),
            some(vec![1, 2]),
            some(vec![]),
            None,
            some(vec![3]),
            some(vec![8]),
        ]);
        let items = Items::of(&lists.slice(1, 4));
        assert_eq!(
            items.values.as_primitive::<Int32Type>().values(),
            &[1, 2, 3]
        );
        assert_eq!(
            [0, 1, 2].map(|item| items.place(item)),
            [(0, 0), (0, 1), (3, 0)]
        );
        assert_eq!([0, 1, 2, 3].map(|list| items.length(list)), [2, 0, 0, 1]);
        let counting = BooleanBuffer::from(vec![false, true, true, true]);
        assert_eq!(
            items.within(&counting).iter().collect::<Vec<_>>(),
            [false, false, true]
        );
    }
}
