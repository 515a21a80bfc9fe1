package exec

// quickSort sorts rows as PostgreSQL's quicksort does (sort_template.h, after
// Bentley and McIlroy's "Engineering a sort function"): rows that tie are not
// left as they came, but as PostgreSQL leaves them, so that window functions
// whose values depend on it have PostgreSQL's.
type quickSort struct {
	rows    []Row
	compare func(a, b Row) (int, error)
	err     error
}

func sortAsPostgres(rows []Row, compare func(a, b Row) (int, error)) error {
	q := &quickSort{rows: rows, compare: compare}
	q.sort(0, len(rows))
	return q.err
}

// order compares the rows at two positions; after an error all are alike, and
// the rest is soon done.
func (q *quickSort) order(i, j int) int {
	if q.err != nil {
		return 0
	}
	c, err := q.compare(q.rows[i], q.rows[j])
	q.err = err
	return c
}

func (q *quickSort) swap(i, j, n int) {
	for k := range n {
		q.rows[i+k], q.rows[j+k] = q.rows[j+k], q.rows[i+k]
	}
}

// The sizes from which on more is done to find a pivot.
const (
	insertionRows = 7
	medianRows    = 40
)

// sort sorts n rows from first on.
func (q *quickSort) sort(first, n int) {
	for n > 1 && !q.sorted(first, n) {
		if n < insertionRows {
			q.insertion(first, n)
			return
		}
		less, greater := q.part(first, n)
		if less <= greater {
			q.sort(first, less)
			first, n = first+n-greater, greater
		} else {
			q.sort(first+n-greater, greater)
			n = less
		}
	}
}

func (q *quickSort) sorted(first, n int) bool {
	for i := first + 1; i < first+n; i++ {
		if q.order(i-1, i) > 0 {
			return false
		}
	}
	return true
}

func (q *quickSort) insertion(first, n int) {
	for i := first + 1; i < first+n; i++ {
		for j := i; j > first && q.order(j-1, j) > 0; j-- {
			q.swap(j, j-1, 1)
		}
	}
}

// pivot is the median of three rows, or of three such medians.
func (q *quickSort) pivot(first, n int) int {
	low, middle, high := first, first+n/2, first+n-1
	if n > medianRows {
		d := n / 8
		low = q.median(low, low+d, low+2*d)
		middle = q.median(middle-d, middle, middle+d)
		high = q.median(high-2*d, high-d, high)
	}
	if n > insertionRows {
		middle = q.median(low, middle, high)
	}
	return middle
}

func (q *quickSort) median(a, b, c int) int {
	if q.order(a, b) < 0 {
		switch {
		case q.order(b, c) < 0:
			return b
		case q.order(a, c) < 0:
			return c
		}
		return a
	}
	switch {
	case q.order(b, c) > 0:
		return b
	case q.order(a, c) < 0:
		return a
	}
	return c
}

// part puts the rows that are less than a pivot in front, those that are greater
// behind, and answers how many there are of both.
func (q *quickSort) part(first, n int) (less, greater int) {
	q.swap(first, q.pivot(first, n), 1)
	end := first + n
	// Rows that equal the pivot gather before a and behind d.
	a, b, c, d := first+1, first+1, end-1, end-1
	for {
		for b <= c {
			r := q.order(b, first)
			if r > 0 {
				break
			}
			if r == 0 {
				q.swap(a, b, 1)
				a++
			}
			b++
		}
		for b <= c {
			r := q.order(c, first)
			if r < 0 {
				break
			}
			if r == 0 {
				q.swap(c, d, 1)
				d--
			}
			c--
		}
		if b > c {
			break
		}
		q.swap(b, c, 1)
		b, c = b+1, c-1
	}
	k := min(a-first, b-a)
	q.swap(first, b-k, k)
	k = min(d-c, end-d-1)
	q.swap(b, end-k, k)
	return b - a, d - c
}
