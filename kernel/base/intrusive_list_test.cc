#include "kernel/base/intrusive_list.h"

#include <array>
#include <cstddef>

#include "testing/unit/test.h"

namespace {

struct OtherList;

struct Element : public base::ListHook<Element>, public base::ListHook<OtherList> {
  int value = 0;
};

using Elements = base::List<Element>;

int DigitsOf(Elements& list) {
  int digits = 0;
  for (const Element& element : list) digits = digits * 10 + element.value;
  return digits;
}

struct Fixture {
  Fixture() {
    for (size_t index = 0; index < elements.size(); ++index) {
      elements[index].value = static_cast<int>(index) + 1;
      list.PushBack(elements[index]);
    }
  }
  ~Fixture() {
    while (list.PopFront() != nullptr) continue;
  }

  std::array<Element, 3> elements;
  Elements list;
};

TEST(IntrusiveList, KeepsOrder) {
  Fixture fixture;
  EXPECT_EQ(DigitsOf(fixture.list), 123);
  EXPECT_EQ(fixture.list.Count(), 3u);
  EXPECT_EQ(fixture.list.PopFront(), &fixture.elements[0]);
  fixture.list.PushFront(fixture.elements[0]);
  EXPECT_EQ(DigitsOf(fixture.list), 123);
  EXPECT_EQ(fixture.list.first(), &fixture.elements[0]);
}

TEST(IntrusiveList, EmptyHasNothing) {
  Elements list;
  EXPECT_TRUE(list.IsEmpty());
  EXPECT_EQ(list.first(), nullptr);
  EXPECT_EQ(list.PopFront(), nullptr);
  EXPECT_EQ(DigitsOf(list), 0);
  EXPECT_TRUE(list.IsEmpty());
}

TEST(IntrusiveList, ElementsTakeThemselvesOut) {
  const std::array<int, 3> left = {23, 13, 12};
  for (size_t index = 0; index < left.size(); ++index) {
    Fixture fixture;
    base::ListHook<Element>& hook = fixture.elements[index];
    hook.Unlink();
    EXPECT_FALSE(hook.IsLinked());
    EXPECT_EQ(DigitsOf(fixture.list), left[index]);
  }
}

TEST(IntrusiveList, VisitorsMayTakeOutWhatTheyAreGiven) {
  Fixture fixture;
  fixture.list.ForEach([](Element& element) {
    if (element.value != 2) static_cast<base::ListHook<Element>&>(element).Unlink();
  });
  EXPECT_EQ(DigitsOf(fixture.list), 2);
}

TEST(IntrusiveList, OneElementInTwoLists) {
  Fixture fixture;
  base::List<Element, OtherList> other;
  other.PushBack(fixture.elements[2]);
  other.PushBack(fixture.elements[0]);
  EXPECT_EQ(other.PopFront(), &fixture.elements[2]);
  EXPECT_EQ(DigitsOf(fixture.list), 123);
  EXPECT_EQ(other.PopFront(), &fixture.elements[0]);
}

}  // namespace
